package source

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Feed says where a list comes from: from addresses, or from a file or folder that someone drops it into. Nothing else is ever asked.
type Feed struct {
	List     string     // id of the list; empty takes the format's usual one, which must then be given
	Title    string     // what people call it; empty takes the format's usual one
	Format   Format     // empty takes what the files look like
	Files    []FeedFile // the addresses of the files; of OFAC's four, all four
	Path     string     // or the dropped file or folder
	Declared int        // records that the publisher says it has, where the list does not say
	Without  []string   // lists of a bundle to leave out, see Input
}

// FeedFile is one file of a feed.
type FeedFile struct {
	URL       string
	Name      string      // name to keep it by; empty takes the last part of the address
	SHA256    string      // hex; the file must be this one
	SHA256URL string      // address of a text that begins with the hex hash of the file
	Header    http.Header // sent along, such as an API key
}

// Fetcher brings lists into a library.
type Fetcher struct {
	Library *Library
	Client  *http.Client // whose timeouts, proxies and rules on addresses and redirects count; needed for feeds with addresses
	Agent   string       // User-Agent; empty takes "usher"
}

// Fetched tells what a fetch came to.
type Fetched struct {
	Edition Edition
	Changed bool // the edition is new
}

// Fetch gets the list of a feed and imports it. Addresses are asked for changes only (ETag, Last-Modified); when none of a list's files changed, the
// edition in use stays and counts as checked. Whatever goes wrong, the edition in use stays.
func (f *Fetcher) Fetch(ctx context.Context, feed Feed, options ImportOptions) (Fetched, error) {
	if feed.Path != "" {
		return f.dropped(ctx, feed, options)
	}
	if len(feed.Files) == 0 || (feed.List == "" && feed.Format == "") || f.Client == nil {
		return Fetched{}, &Error{Reason: Unknown, List: feed.List, What: "a feed needs a path, or addresses, a client, and an id or format"}
	}
	l := f.Library
	in := Input{Format: feed.Format, List: feed.List, Title: feed.Title, Declared: feed.Declared, Without: feed.Without, Limits: l.Limits.filled()}
	if in.List == "" && in.Format != "" {
		in.List, _ = usual(Input{Format: in.Format, Files: feed.names()})
	}
	dir, err := l.incoming(in.List)
	if err != nil {
		return Fetched{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // gone already when it became an edition
	inUse, err := l.Current(in.List)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Fetched{}, err
	}
	files, modified, err := f.download(ctx, feed, dir, inUse, in.Limits.File)
	if err != nil {
		return Fetched{}, inList(in.List, err)
	}
	if files == nil {
		return Fetched{Edition: inUse}, l.check(in.List)
	}
	in.Date = modified
	if err := recognise(&in, dir, files); err != nil {
		return Fetched{}, inList(in.List, err)
	}
	e, changed, err := l.admit(ctx, in, dir, files, options)
	return Fetched{Edition: e, Changed: changed}, err
}

// names gives the names of the feed's files.
func (feed Feed) names() []string {
	var names []string
	for _, file := range feed.Files {
		names = append(names, file.name())
	}
	return names
}

// name gives the name to keep a file by.
func (f FeedFile) name() string {
	if f.Name != "" {
		return f.Name
	}
	u, err := url.Parse(f.URL)
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// dropped imports what lies in the feed's path.
func (f *Fetcher) dropped(ctx context.Context, feed Feed, options ImportOptions) (Fetched, error) {
	found, err := DetectPath(feed.Path)
	if err != nil {
		return Fetched{}, inList(feed.List, err)
	}
	for _, in := range found.Latest() {
		if (feed.Format != "" && in.Format != feed.Format) || (feed.Format == "" && feed.List != "" && in.List != feed.List && len(found.Latest()) > 1) {
			continue
		}
		in.List, in.Title, in.Declared, in.Without = cmp.Or(feed.List, in.List), cmp.Or(feed.Title, in.Title), feed.Declared, feed.Without
		e, changed, err := f.Library.Import(ctx, in, options)
		return Fetched{Edition: e, Changed: changed}, err
	}
	return Fetched{}, &Error{Reason: Unknown, List: feed.List, File: filepath.Base(feed.Path), What: "no list of the feed's format is there"}
}

// download gets the files of a feed into dir. It gives none when none has changed since the edition in use, else all of them, with the newest of their
// times of change.
func (f *Fetcher) download(ctx context.Context, feed Feed, dir string, inUse Edition, limit int64) ([]File, time.Time, error) {
	var (
		files    []File
		newest   time.Time
		anything bool
	)
	for _, file := range feed.Files {
		had := inUse.file(file)
		kept, fresh, err := f.get(ctx, file, dir, had, limit)
		if err != nil {
			return nil, time.Time{}, err
		}
		if !fresh {
			again, err := copyIn(os.DirFS(filepath.Join(f.Library.Dir, inUse.Info.List, inUse.ID)), had.Name, dir, limit)
			if err != nil {
				return nil, time.Time{}, err
			}
			kept = *had
			kept.Size, kept.SHA256 = again.Size, again.SHA256
		}
		if err := f.compare(ctx, file, kept); err != nil {
			return nil, time.Time{}, err
		}
		anything = anything || fresh
		if t, err := http.ParseTime(kept.Modified); err == nil && t.After(newest) {
			newest = t
		}
		files = append(files, kept)
	}
	if !anything {
		return nil, time.Time{}, nil
	}
	return files, newest.UTC(), nil
}

// file finds what an edition has of a feed's file.
func (e Edition) file(wanted FeedFile) *File {
	for i, f := range e.Files {
		if f.Name == wanted.name() && f.Address == plainAddress(wanted.URL) {
			return &e.Files[i]
		}
	}
	return nil
}

// plainAddress gives an address without what may be secret in it: user, password and query.
func plainAddress(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// get gets one file; fresh is false when the address says that it is still the one that the edition in use has.
func (f *Fetcher) get(ctx context.Context, file FeedFile, dir string, had *File, limit int64) (kept File, fresh bool, err error) {
	name := file.name()
	if !validFile(name) {
		return File{}, false, refuse(Unknown, name, 0, "a name that cannot be kept: give the feed's file one")
	}
	answer, err := f.ask(ctx, file, file.URL, had)
	if err != nil {
		return File{}, false, err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	if answer.StatusCode == http.StatusNotModified && had != nil {
		return File{}, false, nil
	}
	if answer.StatusCode != http.StatusOK {
		return File{}, false, refuse(Unreachable, name, 0, "%s answers %s", answer.Request.URL.Hostname(), answer.Status)
	}
	kept, err = keep(dir, name, answer.Body, limit)
	if err != nil {
		return File{}, false, err
	}
	if answer.ContentLength >= 0 && kept.Size != answer.ContentLength {
		return File{}, false, refuse(Truncated, name, 0, "%d of %d bytes came", kept.Size, answer.ContentLength)
	}
	kept.Address, kept.ETag, kept.Modified = plainAddress(file.URL), answer.Header.Get("ETag"), answer.Header.Get("Last-Modified")
	return kept, true, nil
}

// ask sends a request, conditional on a change where a file of it is there. Errors do not tell the address, which may hold a key.
func (f *Fetcher) ask(ctx context.Context, file FeedFile, address string, had *File) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil || (request.URL.Scheme != "https" && request.URL.Scheme != "http") {
		return nil, refuse(Unreachable, file.name(), 0, "the address is none")
	}
	for key, values := range file.Header {
		request.Header[key] = values
	}
	request.Header.Set("User-Agent", cmp.Or(f.Agent, "usher"))
	if had != nil && had.ETag != "" {
		request.Header.Set("If-None-Match", had.ETag)
	}
	if had != nil && had.Modified != "" {
		request.Header.Set("If-Modified-Since", had.Modified)
	}
	answer, err := f.Client.Do(request)
	if err != nil {
		if inner, ok := errors.AsType[*url.Error](err); ok {
			err = inner.Err
		}
		return nil, &Error{Reason: Unreachable, File: file.name(), What: request.URL.Hostname() + " does not answer", Err: err}
	}
	return answer, nil
}

// compare checks a file's hash where the feed has one.
func (f *Fetcher) compare(ctx context.Context, file FeedFile, kept File) error {
	want := file.SHA256
	if file.SHA256URL != "" {
		fetched, err := f.checksum(ctx, file)
		if err != nil {
			return err
		}
		want = fetched
	}
	if want == "" {
		return nil
	}
	if sum, err := hex.DecodeString(want); err != nil || len(sum) != sha256.Size {
		return refuse(Checksum, file.name(), 0, "the checksum to compare with is no SHA-256")
	}
	if !strings.EqualFold(want, kept.SHA256) {
		return refuse(Checksum, file.name(), 0, "the file is not the one that its checksum tells of")
	}
	return nil
}

// checksum fetches the hash that a file must have.
func (f *Fetcher) checksum(ctx context.Context, file FeedFile) (want string, err error) {
	answer, err := f.ask(ctx, file, file.SHA256URL, nil)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, answer.Body.Close()) }()
	b, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil || answer.StatusCode != http.StatusOK {
		return "", refuse(Unreachable, file.name(), 0, "its checksum cannot be had: %s answers %s", answer.Request.URL.Hostname(), answer.Status)
	}
	want, _, _ = strings.Cut(strings.TrimSpace(string(b)), " ")
	return want, nil
}

// recognise fills in the input's format and files by what was fetched.
func recognise(in *Input, dir string, files []File) error {
	for _, f := range files {
		in.Files = append(in.Files, f.Name)
	}
	if in.Format != "" {
		return nil
	}
	found, err := Detect(os.DirFS(dir))
	if err != nil {
		return err
	}
	if len(found.Lists) != 1 || len(found.Lists[0].Files) != len(files) {
		return refuse(Unknown, files[0].Name, 0, "what the addresses gave is not one list of a format that is read")
	}
	in.Format = found.Lists[0].Format
	list, title := usual(found.Lists[0])
	in.List, in.Title = cmp.Or(in.List, list), cmp.Or(in.Title, title)
	return nil
}

// String tells a feed without its addresses' secrets.
func (feed Feed) String() string {
	if feed.Path != "" {
		return fmt.Sprintf("%s from %s", feed.List, feed.Path)
	}
	var addresses []string
	for _, file := range feed.Files {
		addresses = append(addresses, plainAddress(file.URL))
	}
	return fmt.Sprintf("%s from %s", feed.List, strings.Join(addresses, ", "))
}
