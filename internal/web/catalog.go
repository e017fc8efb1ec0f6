package web

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DefaultLanguage is what a reader gets whose own language we do not have, and what is shown for a text that is missing in another.
const DefaultLanguage = "en"

// Catalog holds the texts of every language under flat keys that never change, such as "reason.document_blurred". A text may hold
// placeholders in braces: "Verify your identity for {client}".
type Catalog struct {
	texts map[string]map[string]string // by language, by key
	langs []Language
}

// Language is one that the catalog has.
type Language struct {
	Tag  string // BCP 47, such as "sv"
	Name string // in itself: "Svenska"
	Dir  string // ltr or rtl
}

// LoadCatalog reads the files of locales/*.json that an area needs. The language is the last part of a file's name before .json. What stands
// before it is an area that keeps its texts in a file of its own, or any other name for texts that are shared: en.json, country.en.json and
// desk.en.json together are the desk's English. A language is offered where it has all the files that the default one has. A key in two files
// of one language is an error.
func LoadCatalog(files fs.FS, area string) (*Catalog, error) {
	names, err := fs.Glob(files, "locales/*.json")
	if err != nil {
		return nil, err
	}
	c := &Catalog{texts: map[string]map[string]string{}}
	held := map[string]int{} // files of a language
	for _, name := range names {
		of, lang := "", strings.TrimSuffix(path.Base(name), ".json")
		if dot := strings.LastIndexByte(lang, '.'); dot >= 0 {
			of, lang = lang[:dot], lang[dot+1:]
		}
		if of != area && isArea(files, of) {
			continue
		}
		held[lang]++
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		var texts map[string]string
		if err := json.Unmarshal(body, &texts); err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		if c.texts[lang] == nil {
			c.texts[lang] = map[string]string{}
		}
		for key, text := range texts {
			if _, twice := c.texts[lang][key]; twice {
				return nil, fmt.Errorf("read %s: the key %q is in another file already", name, key)
			}
			c.texts[lang][key] = text
		}
	}
	if c.texts[DefaultLanguage] == nil {
		return nil, fmt.Errorf("no texts for the language %q", DefaultLanguage)
	}
	for lang, texts := range c.texts {
		if held[lang] < held[DefaultLanguage] {
			delete(c.texts, lang)
			continue
		}
		c.langs = append(c.langs, Language{Tag: lang, Name: texts["language.name"], Dir: texts["language.dir"]})
	}
	slices.SortFunc(c.langs, func(a, b Language) int { return strings.Compare(a.Tag, b.Tag) })
	return c, nil
}

// isArea tells whether a name is that of an area's pages.
func isArea(files fs.FS, name string) bool {
	_, err := fs.Stat(files, "templates/"+name)
	return name != "" && err == nil
}

// Languages lists what there is, by tag.
func (c *Catalog) Languages() []Language { return slices.Clone(c.langs) }

// Language gives one by its tag, or the default one.
func (c *Catalog) Language(tag string) Language {
	for _, l := range c.langs {
		if l.Tag == tag {
			return l
		}
	}
	return c.Language(DefaultLanguage)
}

// Has tells whether there is a text for a key.
func (c *Catalog) Has(key string) bool { return c.texts[DefaultLanguage][key] != "" }

// Keys lists every key that some language has, sorted.
func (c *Catalog) Keys() []string {
	var keys []string
	for _, texts := range c.texts {
		for key := range texts {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// Text gives the text of a key in a language, with its placeholders filled from pairs of name and value. A text that is missing comes in
// the default language, and a key that is missing comes as itself: a page in part is better than none.
func (c *Catalog) Text(lang, key string, args ...any) string {
	text, ok := c.texts[lang][key]
	if !ok {
		if text, ok = c.texts[DefaultLanguage][key]; !ok {
			return key
		}
	}
	if len(args) < 2 {
		return text
	}
	pairs := make([]string, 0, len(args))
	for i := 0; i+1 < len(args); i += 2 {
		pairs = append(pairs, "{"+fmt.Sprint(args[i])+"}", fmt.Sprint(args[i+1]))
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Count gives the text for a number: that of key.one for one, of key.other for any other, with {n} filled in. Every language so far has
// these two forms.
func (c *Catalog) Count(lang, key string, n int, args ...any) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return c.Text(lang, key+form, append(args, "n", n)...)
}

// Date spells a day out: "22 November 2026", which reads the same everywhere, as 11/22 and 22/11 do not.
func (c *Catalog) Date(lang string, t time.Time) string {
	month := c.Text(lang, "month."+strconv.Itoa(int(t.Month())))
	return c.Text(lang, "date.day", "day", t.Day(), "month", month, "year", t.Year())
}

// Time spells out a day and time of day, in UTC, and says so.
func (c *Catalog) Time(lang string, t time.Time) string {
	t = t.UTC()
	return c.Text(lang, "date.time", "date", c.Date(lang, t), "time", t.Format("15:04"))
}

// Match gives the first language that we have of a list of wishes. A wish is a language tag or the value of an Accept-Language header;
// "sv-SE" is served by "sv", and "pt" or "pt-PT" by "pt-BR" where there is no other Portuguese.
func (c *Catalog) Match(wishes ...string) string {
	for _, wish := range wishes {
		for _, tag := range ranked(wish) {
			main := mainTag(tag)
			for _, fits := range []func(have string) bool{
				func(have string) bool { return strings.EqualFold(have, tag) },
				func(have string) bool { return strings.EqualFold(have, main) },
				func(have string) bool { return strings.EqualFold(mainTag(have), main) },
			} {
				if i := slices.IndexFunc(c.langs, func(l Language) bool { return fits(l.Tag) }); i >= 0 {
					return c.langs[i].Tag
				}
			}
		}
	}
	return DefaultLanguage
}

func mainTag(tag string) string {
	main, _, _ := strings.Cut(tag, "-")
	return main
}

// ranked gives the tags of an Accept-Language value, best first (RFC 9110, section 12.5.4).
func ranked(value string) []string {
	type choice struct {
		tag     string
		quality float64
	}
	var choices []choice
	// A browser sends a handful; more is not read.
	for _, part := range strings.SplitN(value, ",", 20) {
		tag, params, _ := strings.Cut(part, ";")
		q := 1.0
		if v, ok := strings.CutPrefix(strings.TrimSpace(params), "q="); ok {
			var err error
			if q, err = strconv.ParseFloat(v, 64); err != nil {
				continue
			}
		}
		if tag = strings.TrimSpace(tag); tag != "" && q > 0 {
			choices = append(choices, choice{strings.ReplaceAll(tag, "_", "-"), q})
		}
	}
	slices.SortStableFunc(choices, func(a, b choice) int {
		switch {
		case a.quality > b.quality:
			return -1
		case a.quality < b.quality:
			return 1
		}
		return 0
	})
	tags := make([]string, len(choices))
	for i, ch := range choices {
		tags[i] = ch.tag
	}
	return tags
}

var placeholder = regexp.MustCompile(`\{[a-z_]+\}`)

// Problems lists what is wrong between the languages: a key that one lacks, an empty text, placeholders that differ. A test demands that
// there is nothing.
func (c *Catalog) Problems() []string {
	var problems []string
	for _, key := range c.Keys() {
		want := placeholders(c.texts[DefaultLanguage][key])
		for _, l := range c.langs {
			text, ok := c.texts[l.Tag][key]
			switch {
			case !ok:
				problems = append(problems, fmt.Sprintf("%s lacks %q", l.Tag, key))
			case strings.TrimSpace(text) == "":
				problems = append(problems, fmt.Sprintf("%s has nothing for %q", l.Tag, key))
			case !slices.Equal(placeholders(text), want):
				problems = append(problems, fmt.Sprintf("%s has other placeholders in %q: %v instead of %v", l.Tag, key, placeholders(text), want))
			}
		}
	}
	return problems
}

func placeholders(text string) []string {
	found := placeholder.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}
