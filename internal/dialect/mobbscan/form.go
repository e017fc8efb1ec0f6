package mobbscan

import (
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"slices"
	"time"

	"github.com/usher-kyc/usher"
	"github.com/usher-kyc/usher/internal/api"
)

// The bounds of a form.
const (
	largestImage = 15 << 20 // bytes
	largestVideo = 60 << 20
	largestField = 1 << 10
	mostParts    = 10
	silence      = 20 * time.Second // how long a caller may say nothing
)

// readForm reads a multipart body part by part and gives its fields. Each file goes through take, which knows it by the name of its part, as it
// comes in; parts that this server does not know are skipped.
func readForm(r request, fields []string, take map[string]func(*bounded) error) (map[string]string, error) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, &usher.Error{Code: usher.CodeInvalid, Detail: api.DetailMediaType, Message: "send a form, multipart/form-data"}
	}
	given := map[string]string{}
	for range mostParts {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return given, nil
		}
		if err != nil {
			return nil, api.Malformed("", "the body is not readable as multipart/form-data")
		}
		name := part.FormName()
		b := &bounded{part: part, control: http.NewResponseController(r.w), limit: largestOf(name)}
		switch file := take[name]; {
		case file != nil:
			err = file(b)
		case slices.Contains(fields, name):
			var text []byte
			text, err = io.ReadAll(b)
			given[name] = string(text)
		default:
			_, err = io.Copy(io.Discard, b)
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, api.Malformed("", fmt.Sprintf("the form has more than %d parts", mostParts))
}

// largestOf gives how many bytes a part may have.
func largestOf(part string) int64 {
	switch part {
	case "image":
		return largestImage
	case "video":
		return largestVideo
	}
	return largestField
}

// bounded reads one part with a limit on its size and, anew with every read, on the caller's silence.
type bounded struct {
	part        *multipart.Part
	control     *http.ResponseController
	limit, read int64
}

// Read reads on. It is an error to go over the limit, so that what was stored till then is thrown away. A connection that broke is said to be the
// caller's here, since behind a store nobody could tell it from a store that failed.
func (b *bounded) Read(p []byte) (int, error) {
	_ = b.control.SetReadDeadline(time.Now().Add(silence)) // not every connection knows deadlines; those of tests do not
	n, err := b.part.Read(p)
	if b.read += int64(n); b.read > b.limit {
		return 0, api.TooLarge(b.limit)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		return n, api.BodyError(err)
	}
	return n, err
}
