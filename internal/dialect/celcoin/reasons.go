package celcoin

import (
	"strings"

	"github.com/usher-kyc/usher"
)

// reasonTexts say in Portuguese why a proposal was refused. The vendor's own list of reasons is not public; the words and codes are ours.
var reasonTexts = map[usher.ReasonCode]string{
	usher.DocumentUnreadable:    "O documento não pôde ser lido.",
	usher.DocumentBlurred:       "A foto do documento está desfocada.",
	usher.DocumentGlare:         "A foto do documento tem reflexos.",
	usher.DocumentTooDark:       "A foto do documento está escura.",
	usher.DocumentTooSmall:      "O documento aparece pequeno demais na foto.",
	usher.DocumentNotAPicture:   "O arquivo do documento não é uma imagem.",
	usher.DocumentSideMissing:   "Falta um dos lados do documento.",
	usher.DocumentWrongType:     "O tipo de documento não é aceito.",
	usher.DocumentDigitsFail:    "Os dígitos verificadores do documento não conferem.",
	usher.DocumentUnsure:        "A leitura do documento não é segura.",
	usher.DocumentExpired:       "O documento está vencido.",
	usher.DocumentSpecimen:      "O documento é um modelo sem validade.",
	usher.DocumentPhotoMissing:  "O documento não mostra uma foto.",
	usher.DocumentNotSupported:  "O documento não pode ser verificado automaticamente.",
	usher.DocumentSuspicious:    "Há indícios de que o documento não é autêntico.",
	usher.DocumentNotYetValid:   "O documento ainda não é válido.",
	usher.DocumentNoSuchCountry: "O documento indica um país emissor que não existe.",
	usher.DocumentNumberUnusual: "O número do documento tem formato diferente do usado pelo país emissor.",
	usher.DocumentEdited:        "A imagem mostra sinais de ter sido editada ou salva novamente.",
	usher.DocumentSamePicture:   "A mesma imagem já foi enviada, ou foi enviada para os dois lados.",
	usher.NameMismatch:          "O nome informado difere do documento.",
	usher.BirthDateMismatch:     "A data de nascimento informada difere do documento.",
	usher.NumberMismatch:        "O número informado difere do documento.",
	usher.NationalityMismatch:   "A nacionalidade informada difere do documento.",
	usher.SidesMismatch:         "Os lados do documento não são do mesmo documento.",
	usher.FaceMissing:           "A selfie não mostra um rosto.",
	usher.FaceSeveral:           "A selfie mostra mais de um rosto.",
	usher.FaceTooSmall:          "O rosto aparece pequeno demais na selfie.",
	usher.FaceNotCompared:       "O rosto não foi comparado com o documento.",
	usher.FaceDiffers:           "O rosto da selfie difere do documento.",
	usher.FaceTooNear:           "O rosto está perto demais da câmera.",
	usher.FaceTurned:            "O rosto não está de frente.",
	usher.LivenessNotTested:     "A prova de vida não foi realizada.",
	usher.LivenessFailed:        "A prova de vida não foi aprovada.",
	usher.Underage:              "A pessoa tem menos de 18 anos.",
	usher.AgeUnknown:            "A idade não pôde ser verificada.",
	usher.WatchlistHit:          "Há uma ocorrência em lista restritiva.",
	usher.WatchlistStale:        "As listas restritivas consultadas estavam desatualizadas.",
	usher.WatchlistNotSearched:  "As listas restritivas não foram consultadas.",
	usher.PossibleDuplicate:     "Pode existir outro cadastro da mesma pessoa.",
	usher.RegistryMismatch:      "Os dados diferem do registro oficial.",
	usher.ChipMissing:           "Faltam arquivos do chip do documento.",
	usher.ChipUnreadable:        "O chip do documento não pôde ser lido.",
	usher.ChipAltered:           "Os dados do chip não são os assinados pelo emissor.",
	usher.ChipIssuerUnknown:     "O emissor do chip do documento não é conhecido.",
	usher.ChipUnsure:            "Os certificados do chip do documento são incomuns.",
	usher.ChipNotExamined:       "O chip do documento não foi examinado.",
	usher.NumberMalformed:       "O número de identificação não é válido.",
	usher.NumberDisagrees:       "O número de identificação difere da data de nascimento ou do sexo.",
	usher.NumberNotChecked:      "O número de identificação não foi verificado.",
	usher.ContactImplausible:    "O e-mail ou o telefone informado não é válido.",
	usher.CheckUnavailable:      "Uma das verificações não pôde ser feita.",
	usher.AddressUnproven:       "O endereço não foi comprovado.",
	usher.SimulatedOutcome:      "Resultado simulado no ambiente de testes.",
	usher.SuspectedFraud:        "Há suspeita de fraude.",
	usher.Policy:                "A proposta não atende às regras da instituição.",
	usher.ConsentDeclined:       "A pessoa não aceitou os termos.",
	usher.CancelledByClient:     "A proposta foi cancelada.",
	usher.ManualReview:          "A proposta foi decidida em análise manual.",
	usher.AssistedOnly:          "A verificação automática não basta para a decisão.",
	usher.AccountOpenerRefused:  "A abertura da conta foi recusada.",
	usher.AccountOpenerNoAnswer: "A abertura da conta ainda não foi respondida.",
}

func reasonOf(code usher.ReasonCode) reason {
	text := reasonTexts[code]
	if text == "" {
		text = reasonTexts[usher.Policy]
	}
	return reason{ErrorCode: strings.ToUpper(string(code)), Message: text}
}

// rejectedReasons gives the grounds of a refused proposal, each once; none for an erased applicant. That an outcome was made up is said last:
// it is not the ground.
func rejectedReasons(s usher.Session) []reason {
	var list []reason
	var last []reason
	seen := map[usher.ReasonCode]bool{}
	for _, why := range s.Reasons {
		switch {
		case seen[why.Code]:
		case why.Code == usher.SimulatedOutcome:
			last = append(last, reasonOf(why.Code))
		default:
			list = append(list, reasonOf(why.Code))
		}
		seen[why.Code] = true
	}
	return append(list, last...)
}

// rejectedReason gives the first of them, or nil.
func rejectedReason(s usher.Session) *reason {
	list := rejectedReasons(s)
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func accountReason(s usher.Session) reason {
	if s.Account != nil && len(s.Account.Reasons) > 0 {
		return reasonOf(s.Account.Reasons[0].Code)
	}
	return reasonOf(usher.AccountOpenerRefused)
}
