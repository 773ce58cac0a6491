// SPDX-License-Identifier: Apache-2.0
import Accounts
import DNSClient
import SealedSQLite

extension DNSRecord {
    /// The value as people write it: names without the dot at the end, a TXT record as one text.
    package var text: String {
        switch value {
        case .address(let address): address.description
        case .mx(let record): record.text
        case .txt(let text): text
        case .tlsa(let record): record.text
        case .srv(let record): record.text
        case .cname(let name), .ptr(_, let name): name
        }
    }

    /// A line for a zone file: absolute names; TXT in strings of at most 255 bytes (RFC 1035 sections 3.3 and 5.1).
    ///
    ///     example.org. IN MX 10 mail.example.org.
    package var zoneLine: String {
        let data =
            switch value {
            case .txt(let text): Self.strings(text)
            case .mx, .srv, .cname, .ptr: self.text + "."
            case .address, .tlsa: self.text
            }
        return "\(name). IN \(type) \(data)"
    }

    /// Lines for a zone file, each group under a comment that says what it is for. Records of other people's zones are
    /// comments.
    package static func zoneFile(_ records: [DNSRecord]) -> String {
        var lines: [String] = []
        var purpose: Purpose?
        for record in records {
            if record.purpose != purpose {
                lines.append("; \(record.purpose.words)")
                purpose = record.purpose
            }
            lines.append(record.isInZone ? record.zoneLine : "; " + record.zoneLine)
        }
        return lines.map { $0 + "\n" }.joined()
    }

    /// The DKIM record of a signing key.
    package static func dkim(_ record: SigningRecord) -> DNSRecord {
        DNSRecord(record.name, .txt(record.text), .dkim, .needed)
    }

    private static func strings(_ text: String) -> String {
        let bytes = Array(text.utf8)
        guard !bytes.isEmpty else { return "\"\"" }
        return stride(from: 0, to: bytes.count, by: 255).map { start in
            let part = bytes[start..<min(start + 255, bytes.count)]
            let escaped = part.flatMap { byte in
                byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), byte] : [byte]
            }
            return "\"" + String(decoding: escaped, as: UTF8.self) + "\""
        }.joined(separator: " ")
    }
}

extension MXRecord {
    var text: String { "\(preference) \(exchange)" }
}

extension SRVRecord {
    var text: String { "\(priority) \(weight) \(port) \(target)" }
}

extension TLSARecord {
    var text: String { "\(usage) \(selector) \(matching) \(Hex.text(data))" }
}
