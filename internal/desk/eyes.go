package desk

import "github.com/usher-kyc/usher"

// alone tells whether a case needs two approvals, of which the reader can give none: their sign-in is one administrator's work, who could vote twice by it.
func (v visit) alone(s usher.Session) bool {
	def, _ := s.Flow.First(usher.StepDecide)
	return def.Reviewers > 1 && v.session.SetUpBy != ""
}

// mayAct says whether the table allows the reader an act on a case, and whether it asks for a proof.
func (v visit) mayAct(a act, s usher.Session) usher.Access {
	approves, overturns := a.command == usher.CmdApprove, a.command == usher.CmdOverturn && s.State == usher.Rejected
	def, _ := s.Flow.First(usher.StepDecide)
	return usher.Can(v.staff.Caller(), a.may, usher.Object{
		TenantID: s.TenantID, SessionID: s.ID, Voted: approves && len(s.Votes) > 0, Alone: (approves || overturns) && v.alone(s),
		OwnVote: overturns && def.Reviewers > 1 && s.Decision != nil && s.Decision.By.ID == v.staff.ID,
	})
}

func notConfirmed() error {
	return &usher.Error{Code: usher.CodeForbidden, Detail: "desk_alone", Message: "another administrator has to confirm how you sign in first"}
}
