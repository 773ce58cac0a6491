// SPDX-License-Identifier: Apache-2.0

/// Content-Transfer-Encoding (RFC 2045 section 6) of a body that is in memory, decoded as far as it makes sense.
package enum TransferEncoding {
    /// The bytes of a body in the named encoding; unknown ones are left as they are.
    package static func decode(_ body: ArraySlice<UInt8>, _ encoding: String) -> [UInt8] {
        var decoder = TransferDecoder(encoding)
        var decoded = decoder.decode(body)
        decoded += decoder.finish()
        return decoded
    }

    package static func base64(_ text: ArraySlice<UInt8>) -> [UInt8] { decode(text, "base64") }
    package static func quotedPrintable(_ text: ArraySlice<UInt8>) -> [UInt8] { decode(text, "quoted-printable") }
}
