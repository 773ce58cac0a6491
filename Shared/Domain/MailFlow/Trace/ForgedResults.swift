// SPDX-License-Identifier: Apache-2.0

import MailFormat

/// Authentication-Results fields that claim to be ours. Readers trust what carries our name, so whatever arrives with
/// it was not written by us and is taken out (RFC 8601 section 5). Fields of other servers stay.
enum ForgedResults {
    /// Where these fields are in the message, in order.
    static func ranges(in content: [UInt8], hostname: String) -> [Range<Int>] {
        let wanted = hostname.lowercased()
        return HeaderScan(content).lazy
            .filter { $0.name == "authentication-results" && serverName(content[$0.body]) == wanted }
            .map(\.range)
    }

    /// The message without these fields; every other octet unchanged.
    static func removed(from content: [UInt8], hostname: String) -> [UInt8] {
        let forged = ranges(in: content, hostname: hostname)
        guard !forged.isEmpty else { return content }
        var output: [UInt8] = []
        output.reserveCapacity(content.count)
        var index = 0
        for range in forged {
            output += content[index..<range.lowerBound]
            index = range.upperBound
        }
        output += content[index...]
        return output
    }

    // authres-header-field = "Authentication-Results:" authres-payload; authres-payload = [CFWS] authserv-id …
    private static func serverName(_ body: ArraySlice<UInt8>) -> String {
        var index = body.startIndex
        Blanks.skip(body, &index)
        var name: [UInt8] = []
        if index < body.endIndex, body[index] == 0x22 {
            index += 1
            while index < body.endIndex, body[index] != 0x22 {
                if body[index] == 0x5C, index + 1 < body.endIndex { index += 1 }
                name.append(body[index])
                index += 1
            }
        } else {
            // Up to what no host name has: readers that look at the beginning alone take `host/1;` for us as well.
            while index < body.endIndex, isNamePart(body[index]) {
                name.append(body[index])
                index += 1
            }
        }
        var text = String(decoding: name, as: UTF8.self).lowercased()
        if text.hasSuffix(".") { text.removeLast() }
        return text
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x80...0xFF: true
        default: false
        }
    }
}
