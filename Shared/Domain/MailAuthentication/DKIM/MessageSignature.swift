// SPDX-License-Identifier: Apache-2.0
import Foundation
import MailFormat

/// What a DKIM-Signature (RFC 6376 section 3.5) and an ARC-Message-Signature (RFC 8617 section 4.1.2) say alike: a hash
/// of the body and a signature over named header fields.
struct MessageSignature {
    typealias Malformed = SignatureField.Malformed

    let field: SignatureField
    /// Names in lower case, in the order of signing.
    let signedFields: [String]
    private let headerForm: Canonicalization
    private let bodyForm: Canonicalization
    private let bodyHash: Data
    /// l=: only so much of the body is signed.
    private let bodyLength: Int?

    /// - Parameter usualForms: what stands for a missing `c=`.
    init(_ headerField: HeaderField, in message: [UInt8], usualForms: String) throws(Malformed) {
        field = try SignatureField(headerField, in: message)
        let tags = field.tags
        guard let hash = tags.compact("bh"), let bodyHash = Data(base64Encoded: hash), bodyHash.count == 32 else {
            throw Malformed(reason: "malformed body hash")
        }
        guard let names = tags["h"] else { throw Malformed(reason: "no signed fields") }
        let forms = (tags["c"] ?? usualForms).split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(forms.count), let headerForm = Canonicalization(rawValue: String(forms[0])),
            let bodyForm = forms.count == 1 ? .simple : Canonicalization(rawValue: String(forms[1]))
        else { throw Malformed(reason: "unknown canonicalization") }
        if let methods = tags["q"], !TagList.items(methods).contains("dns/txt") {
            throw Malformed(reason: "unknown query method")
        }
        if case .some(.none) = tags.number("l") { throw Malformed(reason: "malformed body length") }
        (self.headerForm, self.bodyForm, self.bodyHash) = (headerForm, bodyForm, bodyHash)
        bodyLength = tags.number("l") ?? nil
        signedFields = TagList.items(names).map { $0.lowercased() }
    }

    /// Bodies are hashed once for all signatures that want the same.
    struct BodyHashes {
        private struct Wanted: Hashable {
            let form: Canonicalization
            let length: Int?
        }

        private let body: ArraySlice<UInt8>
        private var known: [Wanted: [UInt8]?] = [:]

        init(_ body: ArraySlice<UInt8>) { self.body = body }

        mutating func matches(_ signature: MessageSignature) -> Bool {
            let wanted = Wanted(form: signature.bodyForm, length: signature.bodyLength)
            if known[wanted] == nil { known[wanted] = wanted.form.bodyHash(body, limit: wanted.length) }
            guard let hash = known[wanted] ?? nil else { return false }
            return Data(hash) == signature.bodyHash
        }
    }

    /// What the signature is over: the named fields, each name from its last instance upwards (section 5.4.2), then the
    /// signing field itself.
    func input(_ header: MessageHeader, _ message: [UInt8]) -> [UInt8] {
        SignedFields.input(signedFields, of: header, in: message, headerForm, except: field.raw)
            + field.unsigned(in: message, headerForm)
    }
}
