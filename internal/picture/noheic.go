//go:build !heic

package picture

// heicDecoder says that this build has none: the usual one, since HEVC is covered by patents (docs/DEPENDENCIES.md).
func heicDecoder() (decoder, bool) { return decoder{}, false }
