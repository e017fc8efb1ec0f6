package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
)

// The limits that apply where [Config] says nothing.
const (
	DefaultMaxBytes    = 10 << 20
	DefaultMaxPixels   = 40_000_000
	DefaultConcurrency = 2
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
}

// Intake takes in pictures within limits. It is safe for concurrent use; make one per process and share it, since
// its slots are what bounds memory.
type Intake struct {
	config Config
	slots  chan struct{}
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
	return &Intake{config: config, slots: make(chan struct{}, config.Concurrency)}
}

// Info is what the header of a picture says.
type Info struct {
	// Kind is [KindJPEG] or [KindPNG].
	Kind string
	// Width and Height are in pixels, as the picture stands upright.
	Width, Height int
	// Orientation is the EXIF orientation, 1 to 8; 1 means that nothing needs turning.
	Orientation int
}

// Probe reads the headers and refuses, in microseconds and without decoding, whatever is not a JPEG or PNG within the
// limits. What passes may still turn out to be damaged when it is decoded.
func (in *Intake) Probe(data []byte) (Info, error) {
	if len(data) == 0 {
		return Info{}, &Error{Code: CodeEmpty}
	}
	kind := Sniff(data)
	if len(data) > in.config.MaxBytes {
		return Info{}, &Error{Code: CodeTooLarge, Kind: kind, Detail: fmt.Sprintf("%d bytes, at most %d", len(data), in.config.MaxBytes)}
	}
	switch kind {
	case KindJPEG:
		return in.probeJPEG(data)
	case KindPNG:
		return in.probePNG(data)
	case "gif":
		return Info{}, &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "GIF is not taken; send JPEG or PNG"}
	case "html", "svg", "text", "zip", "rar", "gzip", "executable", "unknown":
		return Info{}, &Error{Code: CodeNotAPicture, Kind: kind, Detail: "send JPEG or PNG"}
	}
	return Info{}, &Error{Code: CodeUnsupportedType, Kind: kind, Detail: "send JPEG or PNG"}
}

func (in *Intake) probeJPEG(data []byte) (Info, error) {
	header, err := walkJPEG(data)
	if err != nil {
		return Info{}, err
	}
	config, err := jpeg.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Info{}, damaged(KindJPEG, err)
	}
	pixels := config.Width * config.Height
	limit := in.config.MaxPixels
	if header.progressive {
		// The decoder keeps every coefficient of a progressive picture, about four times the memory of a baseline one.
		limit /= 2
	}
	if header.scans > maxScans {
		return Info{}, &Error{Code: CodeTooComplex, Kind: KindJPEG, Detail: fmt.Sprintf("%d scans, at most %d", header.scans, maxScans)}
	}
	if err := checkPixels(KindJPEG, config.Width, config.Height, pixels, limit); err != nil {
		return Info{}, err
	}
	return upright(Info{Kind: KindJPEG, Width: config.Width, Height: config.Height, Orientation: header.orientation}), nil
}

func (in *Intake) probePNG(data []byte) (Info, error) {
	config, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return Info{}, damaged(KindPNG, err)
	}
	limit := in.config.MaxPixels
	if wide := pixelBytes(config.ColorModel); wide > bytesPerPixel {
		limit = limit * bytesPerPixel / wide
	}
	if err := checkPixels(KindPNG, config.Width, config.Height, config.Width*config.Height, limit); err != nil {
		return Info{}, err
	}
	header, err := walkPNG(data)
	if err != nil {
		return Info{}, err
	}
	if header.animated {
		return Info{}, &Error{Code: CodeAnimated, Kind: KindPNG, Detail: "send a single picture"}
	}
	return upright(Info{Kind: KindPNG, Width: config.Width, Height: config.Height, Orientation: header.orientation}), nil
}

func checkPixels(kind string, width, height, pixels, limit int) error {
	if width <= 0 || height <= 0 {
		return &Error{Code: CodeDamaged, Kind: kind, Detail: "no width or height"}
	}
	if pixels > limit {
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

func damaged(kind string, err error) error {
	detail := "the file contradicts itself"
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		detail = "the file breaks off"
	}
	return &Error{Code: CodeDamaged, Kind: kind, Detail: detail, err: err}
}

// Decode returns the picture upright. It waits for a free slot, or until ctx ends, in which case it returns ctx's error;
// any refusal is an [*Error].
func (in *Intake) Decode(ctx context.Context, data []byte) (image.Image, Info, error) {
	info, err := in.Probe(data)
	if err != nil {
		return nil, Info{}, err
	}
	release, err := in.acquire(ctx)
	if err != nil {
		return nil, Info{}, err
	}
	defer release()
	img, err := decode(info, data)
	if err != nil {
		return nil, Info{}, err
	}
	return img, info, nil
}

// DecodeFrom is [Intake.Decode] for a file that must be opened first. It reads no more than one byte above the limit.
// Errors of open and of reading come back as they are, wrapped; only a refusal of the picture is an [*Error].
func (in *Intake) DecodeFrom(ctx context.Context, open func(context.Context) (io.ReadCloser, error)) (image.Image, Info, error) {
	body, err := open(ctx)
	if err != nil {
		return nil, Info{}, fmt.Errorf("open picture: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(body, int64(in.config.MaxBytes)+1))
	if err := errors.Join(err, body.Close()); err != nil {
		return nil, Info{}, fmt.Errorf("read picture: %w", err)
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

func decode(info Info, data []byte) (image.Image, error) {
	decoder := jpeg.Decode
	if info.Kind == KindPNG {
		decoder = png.Decode
	}
	img, err := decoder(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(info.Kind, err)
	}
	return Upright(img, info.Orientation), nil
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
	info, err := in.Probe(data)
	if err != nil {
		return nil, Info{}, err
	}
	release, err := in.acquire(ctx)
	if err != nil {
		return nil, Info{}, err
	}
	defer release()
	img, err := decode(info, data)
	if err != nil {
		return nil, Info{}, err
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, Shrink(img, config.MaxSide), &jpeg.Options{Quality: config.Quality}); err != nil {
		return nil, Info{}, fmt.Errorf("encode the copy: %w", err)
	}
	return out.Bytes(), info, nil
}
