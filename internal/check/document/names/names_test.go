package names_test

import (
	"testing"

	"github.com/usher-kyc/usher/internal/check/document/names"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	const same, partial, differs, incomparable = names.Same, names.Partial, names.Differs, names.Incomparable
	tests := []struct {
		name        string
		first, last string
		given, sur  string
		cut         bool
		wantLast    names.Verdict
		wantFirst   names.Verdict
	}{
		{"as printed", "Anna Maria", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"small letters and blanks", "  anna  maria ", "eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"middle name left out", "Anna", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"goes by the second name", "Maria", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"first names in another order", "Maria Anna", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"more names than the zone", "Anna Maria Sofia", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"one first name wrong", "Anna Sofia", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, partial},
		{"another first name", "Sofia", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, differs},
		{"another last name", "Anna Maria", "Svensson", "ANNA MARIA", "ERIKSSON", false, differs, same},
		{"one letter off", "Anna Maria", "Erikson", "ANNA MARIA", "ERIKSSON", false, differs, same},
		{"initial only", "A.", "Eriksson", "ANNA", "ERIKSSON", false, same, differs},
		{"exchanged", "Eriksson", "Anna Maria", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"hyphen", "Anne-Marie", "Smith-Jones", "ANNE MARIE", "SMITH JONES", false, same, same},
		{"glued", "Annemarie", "Smithjones", "ANNE MARIE", "SMITH JONES", false, same, same},
		{"apostrophe", "Siobhán", "O'Brien", "SIOBHAN", "OBRIEN", false, same, same},
		{"curly apostrophe", "Gabriele", "D’Angelo", "GABRIELE", "DANGELO", false, same, same},
		{"umlaut as two letters", "Jörg", "Müller", "JOERG", "MUELLER", false, same, same},
		{"umlaut as one letter", "Jörg", "Müller", "JORG", "MULLER", false, same, same},
		{"umlaut not typed", "Jorg", "Muller", "JOERG", "MUELLER", false, same, same},
		{"umlaut typed out", "Joerg", "Mueller", "JOERG", "MUELLER", false, same, same},
		{"umlaut as a mark", "Jo\u0308rg", "Mu\u0308ller", "JOERG", "MULLER", false, same, same},
		{"accent as a mark", "Rene\u0301", "Lefe\u0300vre", "RENE", "LEFEVRE", false, same, same},
		{"ring", "Åsa", "Ångström", "AASA", "ANGSTROEM", false, same, same},
		{"sharp s", "Hans", "Groß", "HANS", "GROSS", false, same, same},
		{"eth and thorn", "Guðrún", "Þórsdóttir", "GUDRUN", "THORSDOTTIR", false, same, same},
		{"tilde in two ways", "Íñigo", "Muñoz", "INXXIGO", "MUNOZ", false, same, same},
		{"polish", "Łukasz", "Wałęsa", "LUKASZ", "WALESA", false, same, same},
		{"turkish dotless", "İbrahim", "Yıldız", "IBRAHIM", "YILDIZ", false, same, same},
		{"vietnamese", "Thị Hương", "Nguyễn", "THI HUONG", "NGUYEN", false, same, same},
		{"russian", "Наталья", "Щербакова", "NATALIA", "SHCHERBAKOVA", false, same, same},
		{"ukrainian", "Юлія", "Згурська", "YULIIA", "ZGURSKA", false, same, same},
		{"ukrainian as issued", "Юрій", "Зінченко", "YURII", "ZINCHENKO", false, same, same},
		{"greek", "Ελένη", "Παπαδοπούλου", "ELENI", "PAPADOPOULOU", false, same, same},
		{"script without a rule", "伟", "王", "WEI", "WANG", false, incomparable, incomparable},
		{"one of two family names", "Ana", "García", "ANA", "GARCIA LOPEZ", false, partial, same},
		{"family names exchanged", "Ana", "López García", "ANA", "GARCIA LOPEZ", false, partial, same},
		{"particles", "Jan", "van der Berg", "JAN", "VAN DER BERG", false, same, same},
		{"single name twice", "Suryani", "Suryani", "", "SURYANI", false, same, same},
		{"single name once", "", "Suryani", "", "SURYANI", false, same, same},
		{"single name of another", "Dewi", "Dewi", "", "SURYANI", false, differs, differs},
		{"all names in the surname", "Mohammed", "Al Rashid", "", "MOHAMMED AL RASHID", false, same, same},
		{"only part of them", "Mohammed", "", "", "MOHAMMED AL RASHID", false, partial, partial},
		{"given names cut", "Nilavadhanananda Chayapa", "Dejthamrong", "NILAVADHANANANDA CHAYAP", "DEJTHAMRONG", true, same, same},
		{"given names cut to fewer", "Anna Maria Sofia Elisabeth", "Eriksson", "ANNA MARIA SOF", "ERIKSSON", true, same, same},
		{"cut but another", "Anna Karin", "Eriksson", "ANNA MARI", "ERIKSSON", true, same, partial},
		{"family name cut", "Papandropoulos", "Bennelongwooloomooloowarrandytewarnambool", "P", "BENNELONGWOOLOOMOOLOOWARRANDYTEWARNA", true, same, same},
		{"not cut but shorter", "Anna", "Bennelongwooloomooloo", "ANNA", "BENNELONG", false, differs, same},
		{"last name alone", "", "Eriksson", "ANNA MARIA", "ERIKSSON", false, same, incomparable},
		{"first name alone", "Anna", " ", "ANNA MARIA", "ERIKSSON", false, incomparable, same},
		{"all in one field", "", "Anna Maria Eriksson", "ANNA MARIA", "ERIKSSON", false, same, same},
		{"another last name alone", "", "Berg", "ANNA MARIA", "ERIKSSON", false, differs, differs},
		{"nothing given", "", "", "ANNA", "ERIKSSON", false, incomparable, incomparable},
		{"nothing read", "Anna", "Eriksson", "", "", false, incomparable, incomparable},
		{"signs only", "-", "...", "ANNA", "ERIKSSON", false, incomparable, incomparable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			last, first := names.Compare(names.Given{First: tt.first, Last: tt.last}, names.Read{Surname: tt.sur, GivenNames: tt.given, Truncated: tt.cut})
			if last != tt.wantLast || first != tt.wantFirst {
				t.Errorf("last %s, first %s; want %s, %s", last, first, tt.wantLast, tt.wantFirst)
			}
		})
	}
}

func FuzzCompare(f *testing.F) {
	f.Add("Anna", "Eriksson", "ANNA MARIA", "ERIKSSON", false)
	f.Add("\xff", "\u0308", "<", "", true)
	f.Fuzz(func(t *testing.T, first, last, given, surname string, cut bool) {
		l, r := names.Compare(names.Given{First: first, Last: last}, names.Read{Surname: surname, GivenNames: given, Truncated: cut})
		for _, v := range []names.Verdict{l, r} {
			switch v {
			case names.Same, names.Partial, names.Differs, names.Incomparable:
			default:
				t.Fatalf("verdict %q", v)
			}
		}
	})
}
