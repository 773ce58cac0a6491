// SPDX-License-Identifier: Apache-2.0
import MailFormat

/// The ARC fields of a message as whole sets from 1 upwards (RFC 8617 section 5.2 steps 1 to 3), nothing verified.
struct ARCChain {
    /// The chain is broken or says of itself that it failed.
    struct Broken: Error {}

    struct Set {
        let results: HeaderField
        let signature: MessageSignature
        let seal: SignatureField
    }

    let sets: [Set]
    var last: Set { sets[sets.count - 1] }

    /// nil for a message without any ARC field.
    init?(_ header: MessageHeader, in message: [UInt8]) throws(Broken) {
        let results = try Self.byInstance(header.all("ARC-Authentication-Results")) {
            Self.resultsInstance(message[$0.body])
        }
        let signatures = try Self.byInstance(header.all("ARC-Message-Signature")) { Self.instance(message[$0.body]) }
        let seals = try Self.byInstance(header.all("ARC-Seal")) { Self.instance(message[$0.body]) }
        let count = seals.count
        if results.isEmpty, signatures.isEmpty, seals.isEmpty { return nil }
        guard results.count == count, signatures.count == count, (1...ARC.sets).contains(count) else { throw Broken() }
        var sets: [Set] = []
        for number in 1...count {
            guard let result = results[number], let signature = signatures[number], let seal = seals[number] else {
                throw Broken()
            }
            do throws(SignatureField.Malformed) {
                let signature = try MessageSignature(signature, in: message, usualForms: "relaxed/relaxed")
                sets.append(Set(results: result, signature: signature, seal: try SignatureField(seal, in: message)))
            } catch { throw Broken() }
            try Self.check(sets[number - 1], number)
        }
        self.sets = sets
    }

    /// What the seal of set `count` is over (section 5.1.1): every set up to it, its own seal without signature.
    func sealedInput(_ count: Int, _ message: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        for (index, set) in sets.prefix(count).enumerated() {
            output += Canonicalization.relaxed.field(message[set.results.raw])
            output += Canonicalization.relaxed.field(message[set.signature.field.raw])
            if index < count - 1 {
                output += Canonicalization.relaxed.field(message[set.seal.raw])
            } else {
                output += set.seal.unsigned(in: message, .relaxed)
            }
        }
        return output
    }

    private static func check(_ set: Set, _ number: Int) throws(Broken) {
        guard set.seal.tags["cv"] == (number == 1 ? "none" : "pass"), set.seal.tags["h"] == nil,
            !set.signature.signedFields.contains("arc-seal")
        else { throw Broken() }
    }

    private static func byInstance(
        _ fields: [HeaderField], _ instance: (HeaderField) -> Int?
    ) throws(Broken) -> [Int: HeaderField] {
        guard fields.count <= ARC.sets else { throw Broken() }
        var found: [Int: HeaderField] = [:]
        for field in fields {
            guard let number = instance(field), found.updateValue(field, forKey: number) == nil else { throw Broken() }
        }
        return found
    }

    private static func instance(_ body: ArraySlice<UInt8>) -> Int? {
        guard let number = TagList(body)?.number("i") ?? nil, (1...ARC.sets).contains(number) else { return nil }
        return number
    }

    // arc-info = instance [CFWS] ";" authres-payload (section 4.1.1); the instance stands in front
    private static func resultsInstance(_ body: ArraySlice<UInt8>) -> Int? {
        guard let semicolon = body.firstIndex(of: 0x3B) else { return nil }
        return instance(body[..<semicolon])
    }
}
