//go:build heic

package picture

import "github.com/gen2brain/heic"

// heicDecoder is libheif and libde265, compiled to WebAssembly and run within its walls; it turns pictures upright itself.
// Where the module found a libheif of the system and would call that instead, outside the walls, there is no decoder: build
// with the tag nodynamic as well (docs/DEPENDENCIES.md).
func heicDecoder() (decoder, bool) {
	if heic.Dynamic() == nil {
		return decoder{}, false
	}
	return decoder{heic.DecodeConfig, heic.Decode}, true
}
