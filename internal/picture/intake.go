package picture

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"time"
)

// The limits that apply where [Config] says nothing.
const (
	DefaultMaxBytes    = 10 << 20
	DefaultMaxPixels   = 40_000_000
	DefaultConcurrency = 2
	DefaultTimeout     = 15 * time.Second
)

// maxScans is how many scans a progressive JPEG may have. Cameras and encoders write about ten; each scan of a few
// bytes makes the decoder walk over every block again, so thousands of them would keep a processor busy for minutes.
const maxScans = 64

// bytesPerPixel is the memory that one pixel of [Config.MaxPixels] may take when decoded (8-bit RGBA).
const bytesPerPixel = 4

// Config sets the limits of an [Intake]. Its zero value is ready to use.
type Config struct {
	// MaxBytes is the largest file taken, in bytes (default 10 MB).
	MaxBytes int
	// MaxPixels is the largest width × height (default 40 megapixel).
	MaxPixels int
	// Concurrency is how many pictures may be decoded at once (default 2). A decoded 40-megapixel picture takes up to
	// 160 MB, so this bounds the memory of the whole process; callers beyond it wait.
	Concurrency int
	// Timeout is how long decoding one picture may take (default 15 seconds); it begins when a slot is free.
	Timeout time.Duration
}

// Intake takes in pictures within limits. It is safe for concurrent use; make one per process and share it, since
// its slots are what bounds memory.
type Intake struct {
	config Config
	slots  chan struct{}
	shelf  *shelf
}

// New returns an Intake with the given limits.
func New(config Config) *Intake {
	if config.MaxBytes <= 0 {
		config.MaxBytes = DefaultMaxBytes
	}
	if config.MaxPixels <= 0 {
		config.MaxPixels = DefaultMaxPixels
	}
	if config.Concurrency <= 0 {
		config.Concurrency = DefaultConcurrency
	}
	if config.Timeout <= 0 {
		config.Timeout = DefaultTimeout
	}
	return &Intake{config: config, slots: make(chan struct{}, config.Concurrency), shelf: newShelf()}
}

// Info is what the header of a picture says.
type Info struct {
	// Kind is [KindJPEG], [KindPNG], [KindWebP] or, in builds with the tag heic, [KindHEIC].
	Kind string
	// Width and Height are in pixels, as the picture stands upright.
	Width, Height int
	// Orientation is the EXIF orientation, 1 to 8; 1 means that nothing needs turning.
	Orientation int
	// After is how many bytes stand behind the end of the picture, and AfterKind what they seem to be (see [Sniff]). Phones
	// append films and second pictures there, and who wants a file to be two things at once an archive or a page: it is worth
	// telling a reviewer, and no reason to refuse.
	After     int
	AfterKind string
}

// Probe reads the headers and refuses, in microseconds and without decoding, whatever is not a picture of a kind that is
// taken and within the limits. What passes may still turn out to be damaged when it is decoded.
func (in *Intake) Probe(data []byte) (Info, error) {
	if len(data) == 0 {
		return Info{}, &Error{Code: CodeEmpty}
	}
	kind := Sniff(data)
	if len(data) > in.config.MaxBytes {
		return Info{}, &Error{Code: CodeTooLarge, Kind: kind, Detail: fmt.Sprintf("%d bytes, at most %d", len(data), in.config.MaxBytes)}
	}
	d, ok := decoderOf(kind)
	if !ok {
		return Info{}, unsupported(kind)
	}
	// The decoder's own reader of headers comes first: it is strict, and what it refuses need not be walked over.
	config, err := d.config(bytes.NewReader(data))
	if err != nil {
		if kind == KindJPEG {
			if _, broken := walkJPEG(data); broken != nil {
				return Info{}, broken
			}
		}
		return Info{}, damaged(kind, err)
	}
	info := Info{Kind: kind, Width: config.Width, Height: config.Height, Orientation: 1}
	limit := in.config.MaxPixels
	if wide := pixelBytes(config.ColorModel); wide > bytesPerPixel {
		limit = limit * bytesPerPixel / wide
	}
	if err := checkPixels(kind, config.Width, config.Height, limit); err != nil {
		return Info{}, err
	}
	after, err := in.walk(&info, data)
	if err != nil {
		return Info{}, err
	}
	if len(after) > 0 {
		info.After, info.AfterKind = len(after), Sniff(after)
	}
	return upright(info), nil
}

// walk goes over the parts of the file, refuses what the decoder's reader of headers does not see, and gives what stands
// behind the end.
func (in *Intake) walk(info *Info, data []byte) (after []byte, err error) {
	animated := false
	switch info.Kind {
	case KindJPEG:
		header, err := walkJPEG(data)
		if err != nil {
			return nil, err
		}
		if header.scans > maxScans {
			return nil, &Error{Code: CodeTooComplex, Kind: KindJPEG, Detail: fmt.Sprintf("%d scans, at most %d", header.scans, maxScans)}
		}
		if header.progressive {
			// The decoder keeps every coefficient of a progressive picture, about four times the memory of a baseline one.
			if err := checkPixels(KindJPEG, info.Width, info.Height, in.config.MaxPixels/2); err != nil {
				return nil, err
			}
		}
		info.Orientation, after = header.orientation, header.after
	case KindPNG:
		header, err := walkPNG(data)
		if err != nil {
			return nil, err
		}
		info.Orientation, after, animated = header.orientation, header.after, header.animated
	case KindWebP:
		header, err := walkWebP(data)
		if err != nil {
			return nil, err
		}
		info.Orientation, after, animated = header.orientation, header.after, header.animated
	}
	if animated {
		return nil, &Error{Code: CodeAnimated, Kind: info.Kind, Detail: "send a single picture"}
	}
	return after, nil
}

// unsupported refuses a kind that is not taken, and names the way out.
func unsupported(kind string) error {
	switch kind {
	case "html", "svg", "text", "zip", "rar", "gzip", "executable", "unknown":
		return &Error{Code: CodeNotAPicture, Kind: kind, Detail: "send JPEG, PNG or WebP"}
	case KindHEIC:
		return &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "send it as JPEG: on an iPhone choose Settings, Camera, Formats, Most Compatible, or share the photo by e-mail"}
	case "avif", "jpegxl", "jpeg2000", "tiff", "bmp", "psd", "gif":
		return &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "open it and save it again as JPEG or PNG"}
	case KindPDF:
		return &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "send a photograph of the document, or save the page as JPEG or PNG"}
	case "mp4", "webm":
		return &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "that is a film: send a single picture as JPEG or PNG"}
	}
	return &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "send JPEG, PNG or WebP"}
}

func checkPixels(kind string, width, height, limit int) error {
	if width <= 0 || height <= 0 {
		return &Error{Code: CodeDamaged, Kind: kind, Detail: "no width or height"}
	}
	if width > limit/height {
		return &Error{Code: CodeTooManyPixels, Kind: kind, Detail: fmt.Sprintf("%d×%d, at most %d pixels", width, height, limit)}
	}
	return nil
}

// pixelBytes returns how many bytes one decoded pixel of the colour model takes.
func pixelBytes(model color.Model) int {
	switch model {
	case color.RGBA64Model, color.NRGBA64Model:
		return 8
	}
	return bytesPerPixel
}

func upright(info Info) Info {
	if turns(info.Orientation) {
		info.Width, info.Height = info.Height, info.Width
	}
	return info
}

// Decode returns the picture upright, opaque, as *image.YCbCr, *image.Gray or *image.RGBA. Those who decode the same file at
// the same time get the same picture: nobody may write into it. It waits for a free slot, or until ctx ends, in which case it
// returns ctx's error; any refusal is an [*Error].
func (in *Intake) Decode(ctx context.Context, data []byte) (image.Image, Info, error) {
	info, err := in.Probe(data)
	if err != nil {
		return nil, Info{}, err
	}
	img, err := in.shelf.fetch(ctx, data, func() (image.Image, error) {
		release, err := in.acquire(ctx)
		if err != nil {
			return nil, err
		}
		defer release()
		return in.decode(ctx, info, data)
	})
	if err != nil {
		return nil, Info{}, err
	}
	return img, info, nil
}

// DecodeFrom is [Intake.Decode] for a file that must be opened first. It reads no more than one byte above the limit.
// Errors of open and of reading come back as they are, wrapped; only a refusal of the picture is an [*Error].
func (in *Intake) DecodeFrom(ctx context.Context, open func(context.Context) (io.ReadCloser, error)) (image.Image, Info, error) {
	data, err := in.Fetch(ctx, open)
	if err != nil {
		return nil, Info{}, err
	}
	return in.Decode(ctx, data)
}

// acquire takes a slot and returns what gives it back.
func (in *Intake) acquire(ctx context.Context) (release func(), err error) {
	select {
	case in.slots <- struct{}{}:
		return func() { <-in.slots }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a decoding slot: %w", ctx.Err())
	}
}

// CopyConfig shapes the copy that people see. Its zero value is ready to use.
type CopyConfig struct {
	// MaxSide is the longest side of the copy in pixels (default 2000). Smaller pictures are not enlarged.
	MaxSide int
	// Quality is the JPEG quality, 1 to 100 (default 85).
	Quality int
}

// Copy returns a new JPEG of the picture: upright, within MaxSide, and without EXIF, position, thumbnails, comments,
// colour profiles or bytes after the end, because only the pixels are carried over (OWASP ASVS 5.0, 14.2.8).
func (in *Intake) Copy(ctx context.Context, data []byte, config CopyConfig) ([]byte, Info, error) {
	if config.MaxSide <= 0 {
		config.MaxSide = 2000
	}
	if config.Quality <= 0 {
		config.Quality = 85
	}
	img, info, err := in.Decode(ctx, data)
	if err != nil {
		return nil, Info{}, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, Shrink(img, config.MaxSide), &jpeg.Options{Quality: config.Quality}); err != nil {
		return nil, Info{}, fmt.Errorf("encode the copy: %w", err)
	}
	return out.Bytes(), info, nil
}
