package face

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/url"

	"github.com/usher-kyc/usher/internal/picture"
)

// ErrNoFace is what a [Matcher] gives when its engine found no face on one of the pictures: nothing was compared, and asking again is of no use.
var ErrNoFace = errors.New("the engine found no face to compare")

const (
	sentSide    = 1600     // pixels, of the longer side of what engines are sent
	sentQuality = 90       // of a JPEG, 1..100
	mostAnswer  = 16 << 20 // bytes that are read of an answer: those of liveness hold pictures
)

// Encode gives a picture as engines are sent it: a JPEG of at most 1600 pixels a side, which is well below the 5 MB that the smallest of their
// limits allows, and free of everything but the picture.
func Encode(img image.Image) ([]byte, error) {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, picture.Shrink(img, sentSide), &jpeg.Options{Quality: sentQuality}); err != nil {
		return nil, fmt.Errorf("encode picture for an engine: %w", err)
	}
	return out.Bytes(), nil
}

// Ask sends a request to an engine and gives the status and the body of its answer. Errors hold neither address nor contents: both may say who was
// looked at. A status of 5xx, 408 and 429 is an error, since asking again may help.
func Ask(client *http.Client, r *http.Request) (status int, body []byte, err error) {
	res, err := client.Do(r)
	if err != nil {
		var wrapped *url.Error
		if errors.As(err, &wrapped) {
			err = wrapped.Err
		}
		return 0, nil, fmt.Errorf("ask engine: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests || res.StatusCode == http.StatusRequestTimeout {
		return res.StatusCode, nil, fmt.Errorf("ask engine: status %d", res.StatusCode)
	}
	body, err = io.ReadAll(io.LimitReader(res.Body, mostAnswer+1))
	if err == nil && len(body) > mostAnswer {
		err = errors.New("the answer is too large")
	}
	if err != nil {
		return res.StatusCode, nil, fmt.Errorf("read engine's answer: %w", err)
	}
	return res.StatusCode, body, nil
}
