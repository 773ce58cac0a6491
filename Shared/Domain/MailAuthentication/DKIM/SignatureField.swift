// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat

/// A DKIM-Signature, or an ARC field that signs in the same way, read but not verified.
struct SignatureField {
    /// What breaks it, for the comment in Authentication-Results.
    struct Malformed: Error { let reason: String }

    let tags: TagList
    let algorithm: SigningAlgorithm
    let signature: Data
    /// A-labels.
    let domain: String
    let selector: String
    /// Where the field is in the message.
    let raw: Range<Int>

    /// The parts that every signing field has.
    init(_ field: HeaderField, in message: [UInt8]) throws(Malformed) {
        guard let tags = TagList(message[field.body]) else { throw Malformed(reason: "malformed tags") }
        guard let word = tags["a"], let algorithm = SigningAlgorithm(rawValue: word) else {
            throw Malformed(reason: tags["a"] == nil ? "no algorithm" : "algorithm not accepted")
        }
        guard let text = tags.compact("b"), !text.isEmpty, let signature = Data(base64Encoded: text) else {
            throw Malformed(reason: "malformed signature")
        }
        guard let domain = tags["d"].flatMap(DomainName.canonical), domain.contains(".") else {
            throw Malformed(reason: "malformed domain")
        }
        guard let selector = tags["s"].flatMap(DomainName.canonical) else {
            throw Malformed(reason: "malformed selector")
        }
        for tag in ["t", "x"] {
            if case .some(.none) = tags.number(tag) { throw Malformed(reason: "malformed time") }
        }
        (self.tags, self.algorithm, self.signature) = (tags, algorithm, signature)
        (self.domain, self.selector, raw) = (domain, selector, field.raw)
    }

    /// Where its key is.
    var keyName: String { "\(selector)._domainkey.\(domain)" }

    /// The field as it was signed: with an empty `b=` and without the CRLF at the end.
    func unsigned(in message: [UInt8], _ form: Canonicalization) -> [UInt8] {
        var signed = form.field(Self.withoutSignature(message[raw]))
        if signed.suffix(2) == [0x0D, 0x0A] { signed.removeLast(2) }
        return signed
    }

    private static func withoutSignature(_ raw: ArraySlice<UInt8>) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(raw.count)
        let colon = raw.firstIndex(of: 0x3A).map { $0 + 1 } ?? raw.endIndex
        output += raw[..<colon]
        let end = raw.suffix(2) == [0x0D, 0x0A] ? raw.endIndex - 2 : raw.endIndex
        var start = colon
        while start <= end {
            let stop = raw[start..<end].firstIndex(of: 0x3B) ?? end
            let spec = raw[start..<stop]
            if let equals = spec.firstIndex(of: 0x3D),
                spec[..<equals].filter({ $0 != 0x20 && $0 != 0x09 && $0 != 0x0D && $0 != 0x0A }) == [0x62]
            {
                output += raw[start...equals]
            } else {
                output += spec
            }
            if stop < end { output.append(0x3B) }
            start = stop + 1
        }
        return output + raw[end...]
    }
}
