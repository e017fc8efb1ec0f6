package native

import "github.com/usher-kyc/usher"

// reasonMessage says a reason in English, for the client's staff. What the applicant is told is in the locales of the hosted page.
func reasonMessage(c usher.ReasonCode) string {
	if said, ok := reasonMessages()[c]; ok {
		return said
	}
	return string(c)
}

func reasonMessages() map[usher.ReasonCode]string {
	return map[usher.ReasonCode]string{
		usher.DocumentUnreadable:    "The document could not be read.",
		usher.DocumentBlurred:       "The picture of the document is blurred.",
		usher.DocumentGlare:         "Light is reflected by the document.",
		usher.DocumentTooDark:       "The picture of the document is too dark.",
		usher.DocumentTooSmall:      "The document is too small in the picture.",
		usher.DocumentNotAPicture:   "The file is not a picture.",
		usher.DocumentSideMissing:   "A side of the document is missing.",
		usher.DocumentWrongType:     "The document is of another type than the one chosen.",
		usher.DocumentDigitsFail:    "Check digits of the document do not add up; most often a reading error.",
		usher.DocumentUnsure:        "The document was read, but not with certainty.",
		usher.DocumentExpired:       "The document has expired.",
		usher.DocumentSpecimen:      "The document is a specimen and belongs to nobody.",
		usher.DocumentPhotoMissing:  "No face was found on the document.",
		usher.DocumentNotSupported:  "Documents of this kind cannot be read here.",
		usher.DocumentSuspicious:    "The document shows signs of having been altered.",
		usher.DocumentNotYetValid:   "The document is not valid yet.",
		usher.DocumentNoSuchCountry: "The document names an issuing country that does not exist.",
		usher.DocumentNumberUnusual: "The document number has another form than the issuing country's numbers have.",
		usher.DocumentEdited:        "The picture shows traces of having been edited or saved again.",
		usher.DocumentSamePicture:   "The same picture was sent before, or for both sides.",
		usher.NameMismatch:          "The name given and the name on the document differ.",
		usher.BirthDateMismatch:     "The date of birth given and the one on the document differ.",
		usher.NumberMismatch:        "The document number differs between two places where it was read.",
		usher.NationalityMismatch:   "The nationality given and the one on the document differ.",
		usher.SidesMismatch:         "The two sides belong to different documents.",
		usher.FaceMissing:           "No face was found in the selfie.",
		usher.FaceSeveral:           "There are several faces in the selfie.",
		usher.FaceTooSmall:          "The face in the selfie is too small.",
		usher.FaceNotCompared:       "The selfie and the photo on the document were not compared by this server.",
		usher.FaceDiffers:           "The face in the selfie is not the one on the document.",
		usher.FaceTooNear:           "The face is too near to the camera.",
		usher.FaceTurned:            "The face does not look straight ahead.",
		usher.LivenessNotTested:     "Whether a living person was in front of the camera was not tested.",
		usher.LivenessFailed:        "The liveness test was not passed.",
		usher.Underage:              "The applicant is younger than the flow allows.",
		usher.AgeUnknown:            "The age is not known.",
		usher.WatchlistHit:          "The applicant resembles an entry of a watchlist.",
		usher.WatchlistNotSearched:  "The name cannot be searched on the watchlists.",
		usher.WatchlistStale:        "A watchlist is out of date: what it does not find is not a clear answer.",
		usher.PossibleDuplicate:     "Another applicant may be the same person.",
		usher.RegistryMismatch:      "A public register says otherwise.",
		usher.ChipMissing:           "Files of the chip are missing.",
		usher.ChipUnreadable:        "A file of the chip is damaged, or is not what it is called.",
		usher.ChipAltered:           "What the chip says is not what its issuer signed.",
		usher.ChipIssuerUnknown:     "No issuer that this server knows signed the chip's data.",
		usher.ChipUnsure:            "The certificates behind the chip's signature are odd.",
		usher.ChipNotExamined:       "This server has no list of issuers, so the chip was not examined.",
		usher.NumberMalformed:       "The national number is not a possible one.",
		usher.NumberDisagrees:       "The national number speaks of another birth date or sex.",
		usher.NumberNotChecked:      "There was no national number that this server can check.",
		usher.ContactImplausible:    "The e-mail address or phone number is not a possible one.",
		usher.CheckUnavailable:      "A check could not be made.",
		usher.AddressUnproven:       "The proof of address does not prove the address.",
		usher.SimulatedOutcome:      "A simulation made this outcome up.",
		usher.SuspectedFraud:        "Fraud is suspected.",
		usher.Policy:                "The client's policy does not allow it.",
		usher.ConsentDeclined:       "The applicant did not agree to the check.",
		usher.CancelledByClient:     "The client cancelled the session.",
		usher.ManualReview:          "A person has to look at this case.",
		usher.AssistedOnly:          "The check is a heuristic that informs a reviewer and does not decide.",
		usher.AccountOpenerRefused:  "The account opener refused to open the account.",
		usher.AccountOpenerNoAnswer: "The account opener did not answer.",
	}
}
