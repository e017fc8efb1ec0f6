package usher

import (
	"cmp"
	"maps"
	"slices"
)

// ReasonClass keeps apart what a client and an applicant can do about a reason. Mixing them is how a blurred photo becomes a lifelong ban.
type ReasonClass string

const (
	Final    ReasonClass = "final"    // nothing the applicant can send will change it
	Retry    ReasonClass = "retry"    // a better picture or another try may
	Mismatch ReasonClass = "mismatch" // what was given and what was read differ; correct one of them
	Notice   ReasonClass = "notice"   // something a reviewer should know; not a ground by itself
)

// ReasonCode is a stable word for a reason. Texts for people are in the locales, under "reason.<code>".
type ReasonCode string

// The reasons this server knows.
const (
	DocumentUnreadable    ReasonCode = "document_unreadable"
	DocumentBlurred       ReasonCode = "document_blurred"
	DocumentGlare         ReasonCode = "document_glare"
	DocumentTooDark       ReasonCode = "document_too_dark"
	DocumentTooSmall      ReasonCode = "document_too_small"
	DocumentNotAPicture   ReasonCode = "document_not_a_picture"
	DocumentSideMissing   ReasonCode = "document_side_missing"
	DocumentWrongType     ReasonCode = "document_wrong_type"
	DocumentDigitsFail    ReasonCode = "document_digits_fail"
	DocumentUnsure        ReasonCode = "document_unsure"
	DocumentExpired       ReasonCode = "document_expired"
	DocumentSpecimen      ReasonCode = "document_specimen"
	DocumentPhotoMissing  ReasonCode = "document_photo_missing"
	DocumentNotSupported  ReasonCode = "document_not_supported"
	DocumentSuspicious    ReasonCode = "document_suspicious"
	DocumentNotYetValid   ReasonCode = "document_not_yet_valid"
	DocumentNoSuchCountry ReasonCode = "document_no_such_country"
	DocumentNumberUnusual ReasonCode = "document_number_unusual"
	DocumentEdited        ReasonCode = "document_edited"
	DocumentSamePicture   ReasonCode = "document_same_picture"
	NameMismatch          ReasonCode = "name_mismatch"
	BirthDateMismatch     ReasonCode = "birth_date_mismatch"
	NumberMismatch        ReasonCode = "number_mismatch"
	NationalityMismatch   ReasonCode = "nationality_mismatch"
	SidesMismatch         ReasonCode = "sides_mismatch"
	FaceMissing           ReasonCode = "face_missing"
	FaceSeveral           ReasonCode = "face_several"
	FaceTooSmall          ReasonCode = "face_too_small"
	FaceTooNear           ReasonCode = "face_too_near"
	FaceTurned            ReasonCode = "face_turned"
	FaceNotCompared       ReasonCode = "face_not_compared"
	FaceDiffers           ReasonCode = "face_differs"
	LivenessNotTested     ReasonCode = "liveness_not_tested"
	LivenessFailed        ReasonCode = "liveness_failed"
	Underage              ReasonCode = "underage"
	AgeUnknown            ReasonCode = "age_unknown"
	WatchlistHit          ReasonCode = "watchlist_hit"
	WatchlistStale        ReasonCode = "watchlist_stale"
	WatchlistNotSearched  ReasonCode = "watchlist_not_searched"
	PossibleDuplicate     ReasonCode = "possible_duplicate"
	RegistryMismatch      ReasonCode = "registry_mismatch"
	ChipMissing           ReasonCode = "chip_missing"
	ChipUnreadable        ReasonCode = "chip_unreadable"
	ChipAltered           ReasonCode = "chip_altered"
	ChipIssuerUnknown     ReasonCode = "chip_issuer_unknown"
	ChipUnsure            ReasonCode = "chip_unsure"
	ChipNotExamined       ReasonCode = "chip_not_examined"
	NumberMalformed       ReasonCode = "number_malformed"
	NumberDisagrees       ReasonCode = "number_disagrees"
	NumberNotChecked      ReasonCode = "number_not_checked"
	ContactImplausible    ReasonCode = "contact_implausible"
	CheckUnavailable      ReasonCode = "check_unavailable"
	AddressUnproven       ReasonCode = "address_unproven"
	SimulatedOutcome      ReasonCode = "simulated_outcome"
	SuspectedFraud        ReasonCode = "suspected_fraud"
	Policy                ReasonCode = "policy"
	ConsentDeclined       ReasonCode = "consent_declined"
	CancelledByClient     ReasonCode = "cancelled_by_client"
	ManualReview          ReasonCode = "manual_review"
	AssistedOnly          ReasonCode = "assisted_only"
	AccountOpenerRefused  ReasonCode = "account_opener_refused"
	AccountOpenerNoAnswer ReasonCode = "account_opener_no_answer"
)

var reasonClasses = map[ReasonCode]ReasonClass{
	ChipMissing: Retry, ChipUnreadable: Retry, ChipAltered: Final, ChipIssuerUnknown: Notice, ChipUnsure: Notice, ChipNotExamined: Notice,
	NumberMalformed: Mismatch, NumberDisagrees: Mismatch, NumberNotChecked: Notice, ContactImplausible: Retry,
	DocumentUnreadable: Retry, DocumentBlurred: Retry, DocumentGlare: Retry, DocumentTooDark: Retry, DocumentTooSmall: Retry,
	DocumentNotAPicture: Retry, DocumentSideMissing: Retry, DocumentWrongType: Retry, DocumentDigitsFail: Retry,
	DocumentUnsure: Notice, DocumentExpired: Retry, DocumentSpecimen: Final, DocumentPhotoMissing: Retry, DocumentNotSupported: Retry,
	DocumentSuspicious: Final, DocumentNotYetValid: Retry, DocumentNoSuchCountry: Notice, DocumentNumberUnusual: Notice, DocumentEdited: Notice, DocumentSamePicture: Retry,
	NameMismatch: Mismatch, BirthDateMismatch: Mismatch, NumberMismatch: Mismatch,
	NationalityMismatch: Mismatch, SidesMismatch: Mismatch, FaceMissing: Retry, FaceTooNear: Retry, FaceTurned: Retry, FaceSeveral: Retry, FaceTooSmall: Retry,
	FaceNotCompared: Notice, FaceDiffers: Final, LivenessNotTested: Notice, LivenessFailed: Retry, Underage: Final, AgeUnknown: Notice,
	WatchlistHit: Final, WatchlistStale: Notice, WatchlistNotSearched: Notice, PossibleDuplicate: Notice, RegistryMismatch: Mismatch, CheckUnavailable: Notice, AddressUnproven: Retry,
	SimulatedOutcome: Notice, SuspectedFraud: Final, Policy: Final, ConsentDeclined: Final, CancelledByClient: Final, ManualReview: Notice,
	AssistedOnly: Notice, AccountOpenerRefused: Final, AccountOpenerNoAnswer: Retry,
}

// Class gives the class of a code, and whether the code is known.
func (c ReasonCode) Class() (ReasonClass, bool) {
	class, ok := reasonClasses[c]
	return class, ok
}

// ReasonCodes lists every known code, sorted; locales must translate each of them.
func ReasonCodes() []ReasonCode { return slices.Sorted(maps.Keys(reasonClasses)) }

// Reason is one ground: a code, and what it is about. Field names a detail ("date_of_birth"), never its value.
type Reason struct {
	Code  ReasonCode `json:"code"`
	Step  string     `json:"step,omitempty"`
	Check CheckKind  `json:"check,omitempty"`
	Field string     `json:"field,omitempty"`
	// Evidence is the file it is about, such as one side of a document, or "" for all of the step.
	Evidence EvidenceKind `json:"evidence,omitempty"`
}

// Class gives the class of the reason's code; an unknown code is Final, the careful reading.
func (r Reason) Class() ReasonClass {
	class, _ := r.Code.Class()
	return cmp.Or(class, Final)
}

// checkReasons refuses unknown codes, and none at all where there must be some.
func checkReasons(rs []Reason, need bool) error {
	if need && len(rs) == 0 {
		return Invalid("reasons", "give at least one reason")
	}
	for _, r := range rs {
		if _, ok := r.Code.Class(); !ok {
			return Invalid("reasons", "unknown reason code; see the list of reasons in the API description")
		}
		if r.Evidence != "" && !slices.Contains(EvidenceKinds(), r.Evidence) {
			return Invalid("reasons", "unknown kind of evidence; use one of %v", EvidenceKinds())
		}
	}
	return nil
}
