package desk

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/web"
)

// figuresData is the page of figures: nothing on it is about a person.
type figuresData struct {
	frame
	Figures   usher.Figures
	Span      int // days that were asked for
	Spans     []int
	Decisions web.Chart
	Hits      web.Chart
	Waiting   web.Chart
	Ages      []ageRow
	Flows     []flowFigures
	Median    string
	P90       string
	InReview  int
	Approved  int
	Rejected  int
}

// ageRow is how many cases have waited for how long.
type ageRow struct {
	Label string
	Cases int
}

// flowFigures is a flow's funnel.
type flowFigures struct {
	Flow     string
	Sessions int
	Steps    []funnelStep
	Troubles []funnelStep // moments within pages: a camera that was denied, a connection that was lost
}

// funnelStep is one screen of it; Percent of the sessions reached it.
type funnelStep struct {
	usher.ScreenFigures
	Words   string
	Percent int
	Time    string
}

func spans() []int { return []int{7, 30, 90} }

// figures shows what happened in the last days.
func (d *Desk) figures(w http.ResponseWriter, r *http.Request, v visit) error {
	data := figuresData{frame: v.frame(), Spans: spans()}
	if data.Span, _ = strconv.Atoi(r.URL.Query().Get("days")); !slices.Contains(spans(), data.Span) {
		data.Span = spans()[1]
	}
	var err error
	data.Figures, err = d.config.Service.Figures(r.Context(), v.tenant.ID, d.config.Now().AddDate(0, 0, 1-data.Span))
	if err != nil {
		return err
	}
	f := data.Figures
	if f.Decided > 0 {
		data.Median, data.P90 = v.say.span(f.Median), v.say.span(f.P90)
	}
	data.charts(v)
	for _, flow := range f.Flows {
		data.Flows = append(data.Flows, funnel(flow, v))
	}
	return d.Render(w, r, v.page("figures", data))
}

// charts draws the figures of days, and of cases that wait.
func (data *figuresData) charts(v visit) {
	var labels []string
	series := map[string][]int{}
	for _, day := range data.Figures.Days {
		labels = append(labels, string(day.Day)[5:])
		for name, n := range map[string]int{"approved": day.Approved, "rejected": day.Rejected, "overturned": day.Overturned, "hits": day.HitsChanged} {
			series[name] = append(series[name], n)
		}
		data.Approved, data.Rejected = data.Approved+day.Approved, data.Rejected+day.Rejected
	}
	of := func(name, class string) web.Series {
		return web.Series{Class: class, Values: series[name], Say: func(i, n int) string {
			return string(data.Figures.Days[i].Day) + ": " + strconv.Itoa(n) + " " + v.say.text("desk.figures."+name)
		}}
	}
	data.Decisions = web.Columns(labels, of("approved", "bar-good"), of("rejected", "bar-bad"), of("overturned", "bar-odd"))
	data.Hits = web.Columns(labels, of("hits", "bar-odd"))
	var ages []string
	var cases []int
	for i, a := range data.Figures.Waiting {
		label := "< " + v.say.span(a.Below)
		if a.Below == 0 {
			label = "≥ " + v.say.span(data.Figures.Waiting[i-1].Below)
		}
		ages, cases = append(ages, label), append(cases, a.Cases)
		data.Ages = append(data.Ages, ageRow{label, a.Cases})
		data.InReview += a.Cases
	}
	data.Waiting = web.Columns(ages, web.Series{Class: "bar-wait", Values: cases, Say: func(i, n int) string { return ages[i] + ": " + strconv.Itoa(n) }})
}

// funnel parts the screens of a flow from what went wrong on them. What went well within a page, such as a photo that was taken, is left out: the
// next screen tells it.
func funnel(f usher.FlowFigures, v visit) flowFigures {
	out := flowFigures{Flow: f.Flow, Sessions: f.Sessions}
	for _, s := range f.Screens {
		step := funnelStep{
			ScreenFigures: s, Words: v.say.name("desk.screen.", s.Screen), Percent: s.Reached * 100 / max(1, f.Sessions), Time: v.say.brief(s.Spent),
		}
		at := max(strings.LastIndexByte(s.Screen, '.'), 0)
		page, moment := s.Screen[:at], strings.TrimPrefix(s.Screen[at:], ".")
		switch {
		case slices.Contains(troubles(), moment):
			step.Words = v.say.name("desk.screen.", page) + ": " + v.say.text("desk.moment."+moment)
			out.Troubles = append(out.Troubles, step)
		case !slices.Contains([]string{"running", "taken", "recording"}, moment) && page != "video.camera":
			out.Steps = append(out.Steps, step)
		}
	}
	return out
}

// troubles are the moments within pages that stand for something that went wrong.
func troubles() []string {
	return []string{"denied", "none", "busy", "slow", "old", "lost", "inapp"}
}
