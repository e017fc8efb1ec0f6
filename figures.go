package usher

import (
	"context"
	"time"
)

// Figures are counts of a tenant over a time, without anything about a person.
type Figures struct {
	From, To   time.Time
	Days       []DayFigures  // one for each day (UTC), the empty ones too
	Median     time.Duration // from the first sending to the decision, of those decided in that time; 0 when there is none
	P90        time.Duration // which nine of ten did not exceed
	Decided    int           // how many those are
	Waiting    []AgeFigure   // cases in review now, by how long
	Deliveries DeliveryFigures
	Open       int // approved applicants with hits that nobody has judged
	Flows      []FlowFigures
}

// DayFigures is what happened on a day.
type DayFigures struct {
	Day                            Date
	Approved, Rejected, Overturned int
	HitsChanged                    int // applicants of whom monitoring found something new
}

// AgeFigure is how many cases have waited for less than a time, and not for less than the one before; 0 for the last, which has no end.
type AgeFigure struct {
	Below time.Duration
	Cases int
}

// DeliveryFigures say how the newest deliveries went.
type DeliveryFigures struct {
	Looked                   int // how many were looked at
	Delivered, Pending, Dead int
	Tries                    float64 // a delivery, in the mean
}

// FlowFigures are the screens of a flow in the order in which most people see them: the newest of that time, up to a bound over all flows.
type FlowFigures struct {
	Flow     string
	Sessions int
	Screens  []ScreenFigures
}

// ScreenFigures say what a screen costs. A moment within a page, such as a camera that was denied, is a screen of its own: "selfie.camera.denied".
type ScreenFigures struct {
	Screen  string
	Reached int           // sessions that saw it
	Again   int           // times it was shown to a session that had seen it
	Left    int           // sessions that were last seen on it, and are silent since
	Spent   time.Duration // in the mean, of a session
}

// Figurer gives them.
type Figurer interface {
	// Figures counts what happened from a time on; the time must lie in the past, and at most a year of it.
	Figures(ctx context.Context, tenant string, from time.Time) (Figures, error)
}
