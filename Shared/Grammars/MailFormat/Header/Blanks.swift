// SPDX-License-Identifier: Apache-2.0

/// CFWS (RFC 5322 section 3.2.2): blanks, line ends and comments, which nest and may quote by `\`.
package enum Blanks {
    /// Moves `position` to the next octet that is none of them, or to the end; a comment may stay open.
    package static func skip(_ text: ArraySlice<UInt8>, _ position: inout Int) {
        var depth = 0
        while position < text.endIndex {
            switch text[position] {
            case 0x28: depth += 1
            case 0x29 where depth > 0: depth -= 1
            case 0x5C where depth > 0: position += 1
            case 0x20, 0x09, 0x0D, 0x0A: break
            default: if depth == 0 { return }
            }
            position += 1
        }
        // A backslash may have been the last octet.
        position = min(position, text.endIndex)
    }
}
