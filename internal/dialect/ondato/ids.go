package ondato

import (
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/usher-kyc/usher"
)

// space is the namespace of ids that follow from others (RFC 9562, section 5.5). Changing it changes every setup id that clients hold.
var space = uuid.MustParse("5f1c4be2-7a1d-4c56-9d0a-9b8f0e6f2c11")

// derive gives the id that follows from words.
func derive(words ...string) string {
	return uuid.NewSHA1(space, []byte(strings.Join(words, "\x00"))).String()
}

// The two setups that a flow is.
const (
	idvSetup = "idv-setup"
	kycSetup = "kyc-setup"
)

func setupID(kind, tenant, flow string) string { return derive(kind, tenant, flow) }

// refOf names the setup of a kind, in the version that a session began with.
func refOf(kind string, s usher.Session) setupRef {
	return setupRef{
		ID:        setupID(kind, s.TenantID, s.FlowName),
		VersionID: derive(kind, s.TenantID, s.FlowName, strconv.Itoa(s.FlowVersion)),
	}
}

// place of the digit that says which version a UUID is.
const versionDigit = 14

// kycID gives the id of a session's KYC identification: the session's id with the digit of version 7 changed to that of version 4, which is what clients
// expect. It can be turned back without a look-up, and tells nothing of the IDV id, which opens the hosted page.
func kycID(session string) string { return withVersion(session, "4") }

// sessionOf is the way back of [kycID]; ok is false for what is no id of a KYC identification.
func sessionOf(kyc string) (id string, ok bool) {
	kyc, ok = canonical(kyc)
	if !ok || kyc[versionDigit] != '4' {
		return "", false
	}
	return withVersion(kyc, "7"), true
}

func withVersion(id, digit string) string {
	if len(id) <= versionDigit {
		return id
	}
	return id[:versionDigit] + digit + id[versionDigit+1:]
}

// canonical gives a UUID in small letters; ok is false for what is none.
func canonical(id string) (string, bool) {
	const length = 36 // uuid.Parse takes other spellings as well
	if len(id) != length {
		return "", false
	}
	u, err := uuid.Parse(id)
	return u.String(), err == nil
}
