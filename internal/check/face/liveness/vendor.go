package liveness

import "github.com/usher-kyc/usher"

// SessionKey is the key of a session's metadata under which a client says which liveness session of an outside engine belongs to it: the client's app
// ran it with the engine's own kit, and this server asks the engine for the result.
const SessionKey = "liveness_session_id"

// NotTaken gives the result of a session that names no liveness session, or one that the engine does not know or has forgotten.
func NotTaken(provider, version, status string) usher.CheckResult {
	return usher.CheckResult{
		Kind: usher.CheckLiveness, Outcome: usher.NotRun, Provider: provider, Version: version,
		Reasons:     []usher.Reason{{Code: usher.LivenessNotTested, Check: usher.CheckLiveness}},
		NotExamined: []string{"liveness", "presentation_attack", "injected_video"},
		Findings:    []usher.Finding{{Name: "vendor_status", Read: status}},
	}
}
