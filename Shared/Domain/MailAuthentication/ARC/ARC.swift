// SPDX-License-Identifier: Apache-2.0
import DNSClient
import MailFormat

/// Authenticated Received Chain: validation (RFC 8617 section 5.2).
package enum ARC {
    /// Section 4.4. A key that is not to be had just now makes a chain fail too: the RFC knows no fourth word.
    package enum Result: String, Sendable {
        case none, pass, fail
    }

    package struct Outcome: Sendable {
        package let result: Result
        /// Of a chain that passes: who sealed it last, A-labels.
        package let sealer: String?
    }

    /// Sets of a chain (section 4.2.1).
    package static let sets = 50

    /// - Parameters:
    ///   - message: with CRLF line ends.
    ///   - header: of `message`.
    package static func validate(
        _ message: [UInt8], _ header: MessageHeader, resolver: any Resolver
    ) async -> Outcome {
        do {
            guard let chain = try ARCChain(header, in: message) else { return Outcome(result: .none, sealer: nil) }
            guard await isValid(chain, header, message, resolver) else { return Outcome(result: .fail, sealer: nil) }
            return Outcome(result: .pass, sealer: chain.last.seal.domain)
        } catch {
            return Outcome(result: .fail, sealer: nil)
        }
    }

    private static func isValid(
        _ chain: ARCChain, _ header: MessageHeader, _ message: [UInt8], _ resolver: any Resolver
    ) async -> Bool {
        let signature = chain.last.signature
        var bodies = MessageSignature.BodyHashes(message[header.range.upperBound...])
        guard bodies.matches(signature),
            await verifies(signature.field, signature.input(header, message), resolver)
        else { return false }
        for count in stride(from: chain.sets.count, through: 1, by: -1) {
            let seal = chain.sets[count - 1].seal
            guard await verifies(seal, chain.sealedInput(count, message), resolver) else { return false }
        }
        return true
    }

    private static func verifies(_ field: SignatureField, _ input: [UInt8], _ resolver: any Resolver) async -> Bool {
        guard case .found(let record) = await KeyLookup(field, resolver) else { return false }
        return record.verifies(field.signature, of: input)
    }
}
