package report

import (
	"strings"

	"github.com/usher-kyc/usher"
)

// contact says what codes have proved.
func (p printer) contact() {
	var rows [][]string
	for _, st := range p.d.session.Steps {
		for _, c := range st.Proved {
			how := p.say.own("by_code")
			if c.Simulated {
				how = p.say.name("desk.assurance.", string(usher.Simulated))
			}
			rows = append(rows, []string{p.say.name("desk.field.", string(c.Channel)), c.Address, how, stamp(c.At)})
		}
	}
	if len(rows) == 0 {
		return
	}
	p.heading(p.say.own("contact"))
	p.table([]float64{labels, 60, 40, width - labels - 100}, []string{p.say.own("field"), p.say.own("proved"), p.say.own("proved_by"), p.say.own("when")}, rows)
}

// others names the applicants who showed the same, by their ids alone: of an erased one nothing is left in another's report.
func (p printer) others(list []usher.Duplicate) string {
	var lines []string
	for _, d := range list {
		var same []string
		for _, kind := range d.Same {
			same = append(same, p.say.name("desk.examined.same_", string(kind)))
		}
		if d.OtherName {
			same = append(same, p.say.own("other_name"))
		}
		lines = append(lines, p.say.own("other", "applicant", d.ApplicantID, "case", d.SessionID, "same", strings.Join(same, ", ")))
	}
	return strings.Join(lines, "\n")
}
