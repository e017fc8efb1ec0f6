package roman_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/usher-kyc/usher/internal/watchlist/roman"
)

func TestRead(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][]string{
		"":                 nil,
		" - ":              nil,
		"\u200f\u0301":     nil,
		"Jürgen Weiß":      {"jurgen weiss"},
		"Þórður Ægir":      {"thordur aegir"},
		"ŁUKASZ ŻÓŁĆ":      {"lukasz zolc"},
		"Işıl Çağdaş":      {"isil cagdas"},
		"Nguyễn Thị Ánh":   {"nguyen thi anh"},
		"Ｊｏｈｎ":             {"john"},
		"O’Brien":          {"o'brien"},
		"Владимир Ёжиков":  {"vladimir yozhikov"},
		"Дмитрий":          {"dmitri"},
		"Григорій Щуценко": {"hryhoriy shchutsenko"},
		"Рыгор Салаўёў":    {"rygor salauyou"}, // nothing in the first name tells Belarusian from Russian
		"Γεώργιος Μπαλτάς": {"georgios baltas"},
		"Հովհաննես":        {"hovhannes"},
		"გიორგი":           {"giorgi"},
		"أحمد بن صالح":     {"ahmad bin salih"},
		"أيمن محمد ربيع الظواهري": {"ayman muhammad rbi al zawahiri"},
		"عبدالرحمن":               {"abd al rahman"},
		"مُحَمَّد":                {"muhammad"},
		"علی رضایی":               {"ali rezaei"},
		"יוסף כהן":                {"yosef cohen"},
		"김정은":                     {"kim jeong eun", "kim jong un"},
		"리설주":                     {"ri seol ju", "ri sol ju"},
		"남궁민수":                    {"namkung min su"},
		"习近平":                     {"xi jinping"},
		"欧阳娜娜":                    {"ouyang nuonuo"},
		"曾国藩":                     {"zeng guofan"},
		"田中太郎":                    {"tian zhongtailang", "tanaka taro"},
		"たなか きょうこ":                {"tanaka kyoko"},
		"ジョン・スミス":                 {"jon sumisu"},
		"राहुल":                   {"raahul"},
		"Smith (Смит) 12":         {"smith  smit  12"},
	} {
		var got []string
		for _, r := range roman.Read(name) {
			got = append(got, r.Text)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
}

// A reading tells when its vowels are guessed: only then may vowels be passed over in a comparison.
func TestBare(t *testing.T) {
	t.Parallel()
	for name, bare := range map[string]bool{"محمد علي": false, "محمد زرفان": true, "Зорванов": false, "משה": false, "קלימן": true, "김정은": false, "Smith": false} {
		for _, r := range roman.Read(name) {
			if r.Bare != bare {
				t.Errorf("%q is read as %q, bare %v", name, r.Text, r.Bare)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"Jürgen", "Владимир", "أيمن", "ـــ", "יי", "김", "ㄱ", "習", "っゃー", "ίΐ", "\xff\xfe", "\u202e\u0000", "र्क", "Ａ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if len(s) > 2000 || !utf8.ValidString(s) {
			return
		}
		readings := roman.Read(s)
		if len(readings) > 2 {
			t.Errorf("%q has %d readings", s, len(readings))
		}
		for _, r := range readings {
			if strings.Trim(r.Text, "abcdefghijklmnopqrstuvwxyz0123456789' ") != "" {
				t.Errorf("%q is read as %q", s, r.Text)
			}
		}
	})
}
