// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// The header's part of what a signature is over: the fields that it names, each name from its last instance upwards
/// (RFC 6376 section 5.4.2). What signs and what verifies asks here.
enum SignedFields {
    /// - Parameters:
    ///   - names: in lower case, in the order of signing; one that is not there any more adds nothing.
    ///   - own: where the signing field itself stands, which is no instance of its name.
    static func input(
        _ names: [String], of header: MessageHeader, in message: [UInt8], _ form: Canonicalization,
        except own: Range<Int>? = nil
    ) -> [UInt8] {
        var left: [String: ArraySlice<HeaderField>] = [:]
        for field in header.fields where !field.name.isEmpty && field.raw != own {
            left[field.name.lowercased(), default: []].append(field)
        }
        var output: [UInt8] = []
        for name in names {
            if let field = left[name]?.popLast() { output += form.field(message[field.raw]) }
        }
        return output
    }
}
