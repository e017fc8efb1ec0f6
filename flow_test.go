package usher_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usher-kyc/usher"
)

func TestFlowRules(t *testing.T) {
	t.Parallel()
	good := usher.Flow{Name: "good", Steps: []usher.Step{
		{Kind: usher.StepConsent},
		{Kind: usher.StepDetails},
		{Kind: usher.StepDocument},
		{Kind: usher.StepSelfie},
		{Kind: usher.StepRun, Checks: []usher.CheckKind{usher.CheckDocument, usher.CheckFace}},
		{Kind: usher.StepDecide, Automatic: true},
		{Kind: usher.StepAccount, Opener: "internal"},
	}}
	if problems := good.WithDefaults().Check(known()); len(problems) > 0 {
		t.Fatalf("a good flow has problems: %v", problems)
	}
	last := len(good.Steps) - 1
	for name, tt := range map[string]struct {
		spoil func(*usher.Flow)
		step  int
		want  string
	}{
		"no name":             {func(f *usher.Flow) { f.Name = "" }, -1, "no name"},
		"no steps":            {func(f *usher.Flow) { f.Steps = nil }, -1, "0 steps"},
		"31 steps":            {func(f *usher.Flow) { f.Steps = append(make([]usher.Step, 24), f.Steps...) }, -1, "31 steps"},
		"over in a second":    {func(f *usher.Flow) { f.Expires = time.Second }, -1, "expires is 1s"},
		"never over":          {func(f *usher.Flow) { f.Expires = 366 * 24 * time.Hour }, -1, "expires is"},
		"abandoned before":    {func(f *usher.Flow) { f.Abandon = -time.Hour }, -1, "abandon is"},
		"no attempt":          {func(f *usher.Flow) { f.Attempts = -1 }, -1, "attempts is -1"},
		"too many attempts":   {func(f *usher.Flow) { f.Attempts = 51 }, -1, "attempts is 51"},
		"no purpose":          {func(f *usher.Flow) { f.Purpose = "fun" }, -1, `unknown purpose "fun"`},
		"no decision":         {func(f *usher.Flow) { f.Steps = f.Steps[:5] }, -1, "no decide step"},
		"a name twice":        {func(f *usher.Flow) { f.Steps[3].ID = "document" }, 3, `two steps are called "document"`},
		"unknown step":        {func(f *usher.Flow) { f.Steps[0].Kind = "dance" }, 0, `unknown step "dance"`},
		"unknown detail":      {func(f *usher.Flow) { f.Steps[1].Ask = []usher.DetailField{"shoe_size"} }, 1, `unknown detail "shoe_size"`},
		"unknown document":    {func(f *usher.Flow) { f.Steps[2].Accept = []usher.DocumentType{"library_card"} }, 2, "unknown document type"},
		"no check":            {func(f *usher.Flow) { f.Steps[4].Checks = nil }, 4, "names no check"},
		"unknown check":       {func(f *usher.Flow) { f.Steps[4].Checks = []usher.CheckKind{"horoscope"} }, 4, `unknown check "horoscope"`},
		"a check twice":       {func(f *usher.Flow) { f.Steps[4].Checks[1] = usher.CheckDocument }, 4, "listed twice"},
		"neither nor":         {func(f *usher.Flow) { f.Steps[5].OnReject = "shrug" }, 5, `on_reject is "shrug"`},
		"no reviewers":        {func(f *usher.Flow) { f.Steps[5].Reviewers = -1 }, 5, "reviewers is -1"},
		"three reviewers":     {func(f *usher.Flow) { f.Steps[5].Reviewers = 3 }, 5, "reviewers is 3"},
		"unknown opener":      {func(f *usher.Flow) { f.Steps[last].Opener = "gold" }, last, `unknown account opener "gold"`},
		"account before":      {func(f *usher.Flow) { f.Steps[5], f.Steps[6] = f.Steps[6], f.Steps[5] }, 5, "before the decision"},
		"behind the decision": {func(f *usher.Flow) { f.Steps[4], f.Steps[5] = f.Steps[5], f.Steps[4] }, 5, "can never be reached"},
		"two accounts": {func(f *usher.Flow) {
			f.Steps = append(f.Steps, usher.Step{Kind: usher.StepAccount, ID: "more", Opener: "internal"})
		}, 7, "can never be reached"},
		"a step nobody can show": {func(f *usher.Flow) { f.Steps[0] = usher.Step{Kind: usher.StepContact} }, 0, "cannot show"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := good
			f.Steps = slices.Clone(good.Steps)
			for i := range f.Steps {
				f.Steps[i].Checks = slices.Clone(f.Steps[i].Checks)
			}
			tt.spoil(&f)
			can := known()
			can.Steps = slices.DeleteFunc(can.Steps, func(k usher.StepKind) bool { return k == usher.StepContact })
			problems := f.WithDefaults().Check(can)
			for _, p := range problems {
				if p.Step == tt.step && strings.Contains(p.Message, tt.want) && p.Cure != "" && strings.HasSuffix(p.String(), p.Cure) {
					return
				}
			}
			t.Errorf("no problem of step %d like %q in %v", tt.step, tt.want, problems)
		})
	}
}

func TestFlowDefaults(t *testing.T) {
	t.Parallel()
	bare := usher.Flow{Name: "bare", Steps: []usher.Step{{Kind: usher.StepDetails}, {Kind: usher.StepDocument}, {Kind: usher.StepDecide}}}
	f := bare.WithDefaults()
	if f.Purpose != usher.ForOnboarding || f.Expires != 48*time.Hour || f.Abandon != time.Hour || f.Attempts != 5 {
		t.Errorf("defaults %v %v %v %v", f.Purpose, f.Expires, f.Abandon, f.Attempts)
	}
	decide, _, ok := f.Step("decide")
	if !ok || decide.Automatic || decide.OnReject != usher.ToReview || decide.Reviewers != 1 {
		t.Errorf("decide %+v: a rejecting check must lead to a person unless the flow says otherwise", decide)
	}
	if bare.Steps[0].ID != "" || bare.Steps[1].Accept != nil {
		t.Error("the flow that went in was written to")
	}
	if usher.Passport.HasBack() || !usher.IDCard.HasBack() || usher.DocumentType("").HasBack() {
		t.Error("passports have one side to show, cards two")
	}
}
