package celcoin

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// refusal is an error in the words of the vendor: one of its codes.
type refusal string

// Error gives the code.
func (r refusal) Error() string { return string(r) }

// refusals are the codes with the status and the words they are answered with. Codes and meanings are the vendor's, the words are ours.
var refusals = map[refusal]struct {
	status  int
	message string
}{
	"OBE001": {http.StatusUnauthorized, "O token de acesso não foi enviado."},
	"OBE002": {http.StatusUnauthorized, "O token de acesso está malformado."},
	"OBE003": {http.StatusUnauthorized, "O token de acesso não é válido."},
	"OBE004": {http.StatusUnauthorized, "O token de acesso expirou; solicite outro."},
	"OBE006": {http.StatusForbidden, "Este cliente não tem o onboarding habilitado para esta operação."},
	"OBE007": {http.StatusBadRequest, "Informe o clientCode."},
	"OBE008": {http.StatusBadRequest, "O documentNumber não é um CPF válido."},
	"OBE009": {http.StatusBadRequest, "O documentNumber não é um CNPJ válido."},
	"OBE010": {http.StatusBadRequest, "O número de telefone não é válido."},
	"OBE011": {http.StatusBadRequest, "O email não é válido."},
	"OBE012": {http.StatusBadRequest, "Informe o nome completo da mãe em motherName."},
	"OBE013": {http.StatusBadRequest, "Informe nome e sobrenome em fullName."},
	"OBE014": {http.StatusBadRequest, "O fullName passa de 120 caracteres."},
	"OBE015": {http.StatusBadRequest, "O socialName não é válido."},
	"OBE016": {http.StatusBadRequest, "Informe a birthDate no formato DD-MM-AAAA."},
	"OBE017": {http.StatusBadRequest, "Informe o endereço em address."},
	"OBE018": {http.StatusBadRequest, "O onboardingType não é válido; use BAAS."},
	"OBE019": {http.StatusBadRequest, "O postalCode não é válido; use oito dígitos."},
	"OBE020": {http.StatusBadRequest, "O campo street não é válido."},
	"OBE021": {http.StatusBadRequest, "O campo number do endereço não é válido."},
	"OBE022": {http.StatusBadRequest, "O campo addressComplement não é válido."},
	"OBE023": {http.StatusBadRequest, "O campo neighborhood não é válido."},
	"OBE024": {http.StatusBadRequest, "O campo city não é válido."},
	"OBE025": {http.StatusBadRequest, "O campo state não é válido; use a sigla da UF."},
	"OBE026": {http.StatusBadRequest, "O businessEmail não é válido."},
	"OBE027": {http.StatusBadRequest, "O businessName não é válido."},
	"OBE028": {http.StatusBadRequest, "O tradingName não é válido."},
	"OBE029": {http.StatusBadRequest, "O documentNumber de um dos sócios não é válido."},
	"OBE030": {http.StatusBadRequest, "O nome de um dos sócios não é válido."},
	"OBE031": {http.StatusBadRequest, "O email de um dos sócios não é válido."},
	"OBE032": {http.StatusBadRequest, "O endereço de um dos sócios não é válido."},
	"OBE033": {http.StatusBadRequest, "A pessoa tem menos de 18 anos."},
	"OBE034": {http.StatusBadRequest, "O JSON enviado está fora do formato esperado."},
	"OBE035": {http.StatusInternalServerError, "Não foi possível concluir a operação; tente novamente em instantes."},
	"OBE036": {http.StatusBadRequest, "O companyType não é válido; use PJ, MEI ou ME."},
	"OBE037": {http.StatusBadRequest, "Informe de um a dez sócios em owner."},
	"OBE038": {http.StatusBadRequest, "O mesmo sócio foi informado mais de uma vez."},
	"OBE039": {http.StatusBadRequest, "Informe o endereço da empresa em businessAddress."},
	"OBE040": {http.StatusBadRequest, "O ownerType não é válido; use REPRESENTANTE, SOCIO ou DEMAIS_SOCIOS."},
	"OBE045": {http.StatusBadRequest, "O status informado não existe."},
	"OBE046": {http.StatusBadRequest, "Uma das datas informadas não pôde ser lida."},
	"OBE047": {http.StatusBadRequest, "Os limites vão de 1 a 200 e as páginas começam em 1."},
	"OBE048": {http.StatusBadRequest, "O documentNumber informado não é válido."},
	"OBE049": {http.StatusNotFound, "Nenhuma proposta para os dados enviados."},
	"OBE050": {http.StatusBadRequest, "A data inicial é posterior à data final."},
	"OBE051": {http.StatusBadRequest, "Sem proposalId ou clientCode, informe dateFrom e dateTo."},
	"OBE052": {http.StatusBadRequest, "O período informado passa de 90 dias."},
	"OBE053": {http.StatusBadRequest, "Informe ao menos um sócio ou representante, começando por quem envia os documentos."},
	"OBE054": {http.StatusBadRequest, "Informe proposalId ou clientCode."},
	"OBE055": {http.StatusNotFound, "Nenhum arquivo para a proposta informada."},
	"OBE062": {http.StatusBadRequest, "O clientCode já foi usado em outra proposta."},
	"OBE063": {http.StatusNotFound, "Nenhum registro encontrado."},
	"OBE064": {http.StatusBadRequest, "Já existe uma proposta em aberto para este documentNumber."},
	"OBE070": {http.StatusNotFound, "O usuário ainda não iniciou a jornada."},
	"OBE075": {http.StatusBadRequest, "Envie um documento pessoal em files."},
	"OBE076": {http.StatusBadRequest, "Envie o contrato social em files."},
	"OBE078": {http.StatusBadRequest, "Envie a selfie em files."},
	"OBE079": {http.StatusBadRequest, "Não foi possível baixar um dos arquivos pela URL informada."},
	"OBE081": {http.StatusBadRequest, "Um dos arquivos não pode ser usado; envie JPEG, PNG ou PDF de até 15 MB."},
	"OBE083": {http.StatusBadRequest, "Envie um único arquivo de cada tipo."},
	"OBE088": {http.StatusBadRequest, "Envie ao menos a frente do RG."},
	"OBE096": {http.StatusBadRequest, "O documento de um sócio não pode ser o da própria empresa."},
	"OIE999": {http.StatusInternalServerError, "Erro interno; tente novamente em instantes."},
	"CIE999": {http.StatusInternalServerError, "Erro interno; tente novamente em instantes."},
	"CBE032": {http.StatusNotFound, "Nenhuma criação de conta para os dados enviados."},
	"CBE073": {http.StatusBadRequest, "Informe account ou documentNumber."},
	"CBE078": {http.StatusNotFound, "Nenhuma conta para os dados enviados."},
	"CBE205": {http.StatusBadRequest, "Este evento já tem um webhook cadastrado."},
	"CBE206": {http.StatusBadRequest, "Informe o entity."},
	"CBE207": {http.StatusBadRequest, "A webhookUrl não foi informada ou não é um endereço que possa ser chamado."},
	"CBE208": {http.StatusBadRequest, "Este evento ou tipo de autenticação não está disponível."},
	"CBE209": {http.StatusBadRequest, "O tipo de autenticação informado não existe; use basic."},
	"CBE212": {http.StatusBadRequest, "Informe o auth.login."},
	"CBE213": {http.StatusBadRequest, "Informe a auth.pwd."},
	"CBE216": {http.StatusBadRequest, "Informe o auth.type."},
	"CBE217": {http.StatusNotFound, "Nenhum webhook cadastrado para os dados enviados."},
	"CBE225": {http.StatusBadRequest, "Um campo obrigatório não foi informado ou não pôde ser lido."},
	"CBE238": {http.StatusNotFound, "Nenhum evento no período informado."},
}

// ours tells which of the vendor's services a path belongs to: each names its own trouble by codes of its own.
func ours(path string) (unreadable, internal refusal) {
	if strings.HasPrefix(path, "/onboarding/") {
		return "OBE034", "OIE999"
	}
	return "CBE225", "CIE999"
}

// fail answers a request with an error.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if code, ok := errors.AsType[refusal](err); ok {
		refuse(w, code, refusals[code].status)
		return
	}
	e := api.Public(r.Context(), err)
	unreadable, internal := ours(r.URL.Path)
	switch {
	case e.Code == usher.CodeNotFound, e.Code == usher.CodeGone, e.Detail == api.DetailMethod:
		api.WriteJSON(w, http.StatusNotFound, gateway{StatusCode: http.StatusNotFound, Message: "Resource not found"})
	case e.Code == usher.CodeLimited && e.Field == "" && e.Detail != api.DetailTooLarge:
		refuse(w, "OBE035", http.StatusTooManyRequests)
	case e.Code == usher.CodeInvalid, e.Code == usher.CodeLimited:
		refuse(w, unreadable, http.StatusBadRequest)
	case e.Code == usher.CodeForbidden:
		refuse(w, "OBE006", http.StatusForbidden)
	case e.Code == usher.CodeUnauthenticated:
		refuse(w, "OBE003", http.StatusUnauthorized)
	case e.Code == usher.CodeConflict:
		refuse(w, "OBE035", http.StatusInternalServerError)
	default:
		refuse(w, internal, http.StatusInternalServerError)
	}
}

func refuse(w http.ResponseWriter, code refusal, status int) {
	api.WriteJSON(w, status, envelope{
		Version: version, Status: "ERROR", Error: &reason{ErrorCode: string(code), Message: refusals[code].message},
	})
}

// hasCode tells whether an error is of one of some codes of the domain.
func hasCode(err error, codes ...usher.Code) bool {
	e, ok := errors.AsType[*usher.Error](err)
	return ok && slices.Contains(codes, e.Code)
}

// instead gives a refusal in place of an error of one of some codes; other errors and nil pass.
func instead(err error, with refusal, codes ...usher.Code) error {
	if hasCode(err, codes...) {
		return with
	}
	return err
}

// unknown gives a refusal for what is not there, or not there any more.
func unknown(err error, with refusal) error {
	return instead(err, with, usher.CodeNotFound, usher.CodeGone)
}
