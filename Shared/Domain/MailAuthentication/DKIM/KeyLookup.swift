// SPDX-License-Identifier: Apache-2.0
import DNSClient

/// The key of a signing field, from the DNS.
enum KeyLookup {
    /// TXT records of one name that are looked at.
    static let records = 3

    case found(PublicKeyRecord)
    /// No record, or none that is a key for this algorithm.
    case missing
    case temporary

    init(_ field: SignatureField, _ resolver: any Resolver) async {
        guard let texts = await resolver.txt(field.keyName).records else {
            self = .temporary
            return
        }
        let keys = texts.prefix(Self.records).compactMap(PublicKeyRecord.init).filter {
            $0.algorithm == field.algorithm
        }
        self = keys.first.map { .found($0) } ?? .missing
    }
}
