package source

import (
	"strings"

	"github.com/usher-kyc/usher/internal/watchlist"
)

// The words of watchlist.ID.Kind.
const (
	idPassport     = "passport"
	idNational     = "national_id"
	idTax          = "tax_id"
	idRegistration = "registration" // of a firm
	idLicence      = "driving_licence"
	idBirth        = "birth_certificate"
	idVoter        = "voter_id"
	idResidence    = "residence_permit"
	idSocial       = "social_security"
	idIMO          = "imo"
	idMMSI         = "mmsi"
	idCallSign     = "call_sign"
	idAircraft     = "aircraft_serial"
	idTail         = "tail_number"
	idSwift        = "swift"
	idLEI          = "lei"
	idISIN         = "isin"
	idDUNS         = "duns"
	idWallet       = "crypto_wallet"
	idOther        = "other"
)

// idKinds gives the kind of number by how its name on a list begins, in small letters; the longest beginning counts.
var idKinds = map[string]string{
	"passport": idPassport, "diplomatic passport": idPassport, "stateless person passport": idPassport, "national passport": idPassport,
	"numéro de passeport": idPassport, "número de pasaporte": idPassport, "service passport": idPassport, "tarjeta de pasaporte": idPassport,

	"national id no.": idNational, "national id": idNational, "national identification": idNational, "national identity": idNational, "national foreign id number": idNational,
	"cedula no.": idNational, "cedula": idNational, "cedula de ciudadania": idNational, "c.u.r.p.": idNational, "curp": idNational, "d.n.i.": idNational, "dni": idNational,
	"personal id card": idNational, "identification number": idNational, "identity card": idNational, "numero de identidad": idNational, "c.u.i.": idNational, "cui": idNational,
	"citizen's card number": idNational, "kenyan id no.": idNational, "bosnian personal id no.": idNational, "afghan national": idNational, "le number": idNational,
	"tarjeta de identidad": idNational, "resident identity": idNational, "id card": idNational, "id-national": idNational, "carnet": idNational, "id": idNational,
	"moroccan personal id no.": idNational, "turkish identification number": idNational, "british national overseas passport": idPassport, "e-ngn": idNational,
	"numero unico de identidad": idNational, "cartilla de servicio militar nacional": idOther, "military registration number": idOther, "matricula": idRegistration,

	"tax id no.": idTax, "tax id": idTax, "tax": idTax, "nit": idTax, "r.f.c.": idTax, "rfc": idTax, "ruc": idTax, "rif": idTax, "rtn": idTax, "c.u.i.t.": idTax, "cuit": idTax,
	"italian fiscal code": idTax, "fiscal code": idTax, "us fein": idTax, "v.a.t. number": idTax, "vat": idTax, "romanian tax registration": idTax, "inn": idTax,
	"tourism license": idOther, "government gazette number": idRegistration, "c.r. no.": idRegistration, "n.i.e.": idNational, "nie": idNational,

	"registration number": idRegistration, "registration id": idRegistration, "registration": idRegistration, "company number": idRegistration, "uk company number": idRegistration,
	"commercial registry number": idRegistration, "business registration": idRegistration, "business number": idRegistration, "business": idRegistration,
	"folio mercantil no.": idRegistration, "matricula mercantil no": idRegistration, "enterprise number": idRegistration, "chamber of commerce number": idRegistration,
	"public registration number": idRegistration, "unified social credit code": idRegistration, "trade license no.": idRegistration, "branch unit number": idRegistration,
	"license": idOther, "certificate of incorporation number": idRegistration, "economic register number": idRegistration, "numero de identificacion": idRegistration,
	"registered charity no.": idRegistration, "commercial register": idRegistration, "tradenumber": idRegistration, "bik": idOther, "file number": idOther,
	"license plate": idOther, "vessel registration identification": idRegistration, "maritime mobile service identity": idMMSI,

	"driver's license no.": idLicence, "driver's license": idLicence, "driving licence": idLicence, "birth certificate": idBirth, "electoral registry no.": idVoter,
	"credencial electoral": idVoter, "i.f.e.": idVoter, "voter": idVoter, "residency number": idResidence, "residency": idResidence, "residence permit": idResidence,
	"permanent resident": idResidence, "travel document": idPassport, "refugee id card": idResidence, "ssn": idSocial, "social security": idSocial, "u.s. social security": idSocial,
	"imo": idIMO, "vessel registration identification imo": idIMO, "identification number imo": idIMO, "company number imo": idIMO, "mmsi": idMMSI,
	"aircraft manufacturer's serial number": idAircraft, "aircraft construction number": idAircraft, "aircraft tail number": idTail, "previous aircraft tail number": idTail,
	"swift/bic": idSwift, "swift": idSwift, "legal entity number": idLEI, "lei": idLEI, "isin": idISIN, "d-u-n-s number": idDUNS, "digital currency address": idWallet,
	"chinese commercial code": idOther, "pilot license": idOther, "seafarer's": idOther, "professional registration": idOther, "arrest": "",
}

// idKind finds the kind of a number by the beginning of s, in any case; rest is what follows that beginning. The kind is "" where none fits.
func idKind(s string) (kind, rest string) {
	if !mayBeID(s) {
		return "", s
	}
	head := s
	if len(head) > 48 {
		head = head[:48]
	}
	head = strings.ToLower(head)
	for end := len(head); end > 1; {
		if end == len(head) || head[end] == ' ' || head[end] == ',' || head[end] == '#' || head[end] == ':' {
			if kind, ok := idKinds[strings.TrimRight(head[:end], " ,#:-")]; ok && len(head) <= len(s) {
				return kind, strings.TrimLeft(s[end:], " ,#:-")
			}
		}
		end = strings.LastIndexAny(head[:end], " ,#:")
	}
	return "", s
}

// mayBeID sorts out most of what is no identity number by its first letter, which is what most text on a list is.
func mayBeID(s string) bool {
	return s != "" && (s[0] >= 'A' && s[0] <= 'Z' || s[0] >= 'a' && s[0] <= 'z' || s[0] >= 0x80)
}

// issued reads what stands behind a number's name: the number, its country in brackets, and the words on its validity, which are left out.
func issued(kind, s string) watchlist.ID {
	for _, word := range []string{" issued ", " expires ", " expired ", "; "} {
		s, _, _ = strings.Cut(s, word)
	}
	id := watchlist.ID{Kind: kind}
	if inside, after, ok := strings.Cut(s, ") "); ok && strings.HasPrefix(inside, "(") {
		// "Serial Number (MSN) 4711", "BIK (RU) 4711": the bracket belongs to the number's name.
		id.Country = country(inside[1:])
		s = after
	}
	if open := strings.IndexByte(s, '('); open > 0 {
		inside, _, _ := strings.Cut(s[open+1:], ")")
		if code := country(inside); code != "" {
			id.Country = code
		}
		s = s[:open]
	}
	id.Value = strings.Trim(s, " .,:#")
	return id
}

// bareNumber gives a number without what lists write before it, such as "Passport No. ".
func bareNumber(s string) string {
	lower := strings.ToLower(s)
	for _, word := range []string{" number ", " number: ", " no. ", " no.: ", " no.", " number:"} {
		if i := strings.LastIndex(lower, word); i >= 0 && len(lower) == len(s) && hasDigit(s[i+len(word):]) {
			return strings.TrimSpace(s[i+len(word):])
		}
	}
	return s
}
