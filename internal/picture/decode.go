package picture

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

// decoder is the decoder of one kind; config reads the header only.
type decoder struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// decoderOf returns the decoder of a kind, or false.
func decoderOf(kind string) (decoder, bool) {
	switch kind {
	case KindJPEG:
		return decoder{jpeg.DecodeConfig, jpeg.Decode}, true
	case KindPNG:
		return decoder{png.DecodeConfig, png.Decode}, true
	case KindWebP:
		return decoder{webp.DecodeConfig, webp.Decode}, true
	case KindHEIC:
		return heicDecoder()
	}
	return decoder{}, false
}

// decode gives the picture upright, within the time of one picture.
func (in *Intake) decode(ctx context.Context, info Info, data []byte) (image.Image, error) {
	limited, cancel := context.WithTimeout(ctx, in.config.Timeout)
	defer cancel()
	d, ok := decoderOf(info.Kind)
	if !ok {
		return nil, &Error{Code: CodeUnsupportedType, Kind: info.Kind}
	}
	makeRoom(info)
	img, err := d.decode(&until{ctx: limited, r: bytes.NewReader(data)})
	switch {
	case err == nil:
		return Upright(flat(img), info.Orientation), nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case limited.Err() != nil || errors.Is(err, context.DeadlineExceeded):
		return nil, &Error{Code: CodeTooComplex, Kind: info.Kind, Detail: "decoding takes longer than " + in.config.Timeout.String()}
	}
	return nil, damaged(info.Kind, err)
}

// until reads as long as ctx lasts. The decoders know no context, but they read as they go.
type until struct {
	ctx context.Context
	r   *bytes.Reader
}

// step is how much is handed out between two looks at the context, in bytes.
const step = 16 << 10

// Read reads a piece, or fails with the context's error.
func (u *until) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.Read(p[:min(len(p), step)])
}

func damaged(kind string, err error) error {
	detail := "the file contradicts itself"
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		detail = "the file breaks off"
	}
	return &Error{Code: CodeDamaged, Kind: kind, Detail: detail, err: err}
}
