package engine

import (
	"context"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/store"
)

// The bounds of what is counted for one look at the figures, so that its cost does not grow with the age of a tenant.
const (
	mostDays       = 366
	mostDecisions  = 10_000
	mostWaiting    = 100_000
	mostDeliveries = 5_000
	mostScreens    = 50_000
	silence        = time.Hour // after which somebody has left a screen
)

// ends are screens on which nobody is lost: there is nothing more to do.
var ends = []string{"done", "wait", "failed", "declined", "expired"}

// Figures counts what happened from a time on.
func (e *Engine) Figures(ctx context.Context, tenant string, from time.Time) (usher.Figures, error) {
	now := e.now()
	if !from.Before(now) || from.Before(now.AddDate(0, 0, -mostDays)) {
		return usher.Figures{}, usher.Invalid("from", "must lie in the past, and at most a year ago")
	}
	from = from.UTC().Truncate(24 * time.Hour)
	f := usher.Figures{From: from, To: now}
	var err error
	if f.Days, err = e.dayFigures(ctx, tenant, from, now); err != nil {
		return f, err
	}
	took, err := e.c.Store.DecisionTimes(ctx, tenant, from, mostDecisions)
	if err != nil {
		return f, err
	}
	slices.Sort(took)
	if f.Decided = len(took); len(took) > 0 {
		f.Median, f.P90 = took[len(took)/2], took[len(took)*9/10]
	}
	if f.Waiting, err = e.ageFigures(ctx, tenant, now); err != nil {
		return f, err
	}
	if f.Deliveries, err = e.c.Store.NewestDeliveries(ctx, tenant, mostDeliveries); err != nil {
		return f, err
	}
	if f.Open, err = e.c.Store.OpenPeople(ctx, tenant); err != nil {
		return f, err
	}
	sums, err := e.c.Store.ScreenSums(ctx, tenant, from, now.Add(-silence), mostScreens)
	f.Flows = flowFigures(sums)
	return f, err
}

func (e *Engine) dayFigures(ctx context.Context, tenant string, from, to time.Time) ([]usher.DayFigures, error) {
	sums, err := e.c.Store.DaySums(ctx, tenant, from)
	if err != nil {
		return nil, err
	}
	var days []usher.DayFigures
	for day := from; !day.After(to); day = day.AddDate(0, 0, 1) {
		d := usher.DayFigures{Day: usher.Date(day.Format(time.DateOnly))}
		for _, sum := range sums {
			if sum.Day != day.Unix()/(24*60*60) {
				continue
			}
			switch sum.Type {
			case usher.SessionApproved:
				d.Approved = sum.N
			case usher.SessionRejected:
				d.Rejected = sum.N
			case usher.SessionOverturned:
				d.Overturned = sum.N
			case usher.HitsChanged:
				d.HitsChanged = sum.N
			default:
			}
		}
		days = append(days, d)
	}
	return days, nil
}

func (e *Engine) ageFigures(ctx context.Context, tenant string, now time.Time) ([]usher.AgeFigure, error) {
	since, err := e.c.Store.WaitingSince(ctx, tenant, mostWaiting)
	if err != nil {
		return nil, err
	}
	ages := []usher.AgeFigure{{Below: time.Hour}, {Below: 4 * time.Hour}, {Below: 24 * time.Hour}, {Below: 72 * time.Hour}, {}}
	for _, t := range since {
		i := slices.IndexFunc(ages, func(a usher.AgeFigure) bool { return a.Below == 0 || now.Sub(t) < a.Below })
		ages[i].Cases++
	}
	return ages, nil
}

// flowFigures groups sums, which come by flow and in the order of screens.
func flowFigures(sums []store.ScreenSum) []usher.FlowFigures {
	var flows []usher.FlowFigures
	for _, s := range sums {
		if len(flows) == 0 || flows[len(flows)-1].Flow != s.Flow {
			flows = append(flows, usher.FlowFigures{Flow: s.Flow})
		}
		f := &flows[len(flows)-1]
		f.Sessions = max(f.Sessions, int(s.Sessions))
		screen := usher.ScreenFigures{
			Screen: s.Screen, Reached: int(s.Sessions), Again: int(s.Views - s.Sessions), Left: int(s.Left),
			Spent: time.Duration(s.Spent/max(1, s.Sessions)) * time.Millisecond,
		}
		if slices.Contains(ends, s.Screen) {
			screen.Left = 0
		}
		f.Screens = append(f.Screens, screen)
	}
	return flows
}
