package console

import "banksulutgo.co.id/servicedesk/desk"

// The measures of a chart, in the units of its drawing.
const (
	chartWidth  = 360
	chartTop    = 12
	chartPlot   = 96 // height of all bars
	chartLeft   = 30
	chartStep   = 13.6
	chartBar    = 9.6
	chartHeight = 128
)

// chart shows how many attempts succeeded and failed in each hour: successes above a line, failures below, so that nobody has
// to tell colours apart.
type chart struct {
	Width, Height int
	Base          float64 // where the line is
	Bars          []bar
	Most, Worst   int // the most successes, and failures, in an hour
	Top, Bottom   int // where they end
	Sent, Failed  int
}

// bar is one hour.
type bar struct {
	X, Width           float64
	Sent, Failed       int
	SentY, SentHeight  float64
	FailedHeight       float64
	Hour, Label, Title string // Label stands below, at some hours only
}

// chartOf draws hours.
func (w words) chartOf(hours []desk.Rate) chart {
	c := chart{Width: chartWidth, Height: chartHeight, Top: chartTop, Bottom: chartTop + chartPlot}
	for _, h := range hours {
		c.Most, c.Worst = max(c.Most, h.Sent), max(c.Worst, h.Failed)
		c.Sent, c.Failed = c.Sent+h.Sent, c.Failed+h.Failed
	}
	each := chartPlot / float64(max(1, c.Most+c.Worst))
	c.Base = chartTop + each*float64(max(c.Most, 1-c.Worst))
	for i, h := range hours {
		b := bar{X: chartLeft + chartStep*float64(i), Width: chartBar, Sent: h.Sent, Failed: h.Failed, SentHeight: each * float64(h.Sent), FailedHeight: each * float64(h.Failed),
			Hour: w.date(h.From) + " " + w.clock(h.From)}
		b.SentY = c.Base - b.SentHeight
		b.Title = w.t("%s: %d berhasil, %d gagal", b.Hour, h.Sent, h.Failed)
		if h.From.In(desk.WITA()).Hour()%6 == 0 {
			b.Label = w.clock(h.From)
		}
		c.Bars = append(c.Bars, b)
	}
	return c
}
