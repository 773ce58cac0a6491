// SPDX-License-Identifier: Apache-2.0

/// What the DNS says of one name and type. `secure` is true only when DNSSEC proved the whole chain (RFC 4035 section
/// 4.3).
package enum DNSAnswer<Record: Sendable>: Sendable {
    /// At least one record; CNAMEs are followed.
    case found([Record], secure: Bool)
    /// The name is there, the type is not.
    case noData(secure: Bool)
    /// No such name.
    case nxDomain(secure: Bool)
    /// No server answered, an error code, too many queries, or cancelled: ask again later.
    case temporaryFailure(String)
    /// DNSSEC says that the answer is forged or broken. Callers treat it as a temporary failure and never use data.
    case bogus(String)

    /// The records; empty where the DNS says surely that there are none; nil when it could not say.
    package var records: [Record]? {
        switch self {
        case .found(let records, _): records
        case .noData, .nxDomain: []
        case .temporaryFailure, .bogus: nil
        }
    }

    package var isSecure: Bool {
        switch self {
        case .found(_, let secure), .noData(let secure), .nxDomain(let secure): secure
        case .temporaryFailure, .bogus: false
        }
    }

    package var isNXDomain: Bool {
        if case .nxDomain = self { true } else { false }
    }

    /// Reads each record; what does not read is left out, and when nothing is left the answer is a temporary failure.
    func reading<Other>(_ read: (Record) -> Other?) -> DNSAnswer<Other> {
        switch self {
        case .found(let records, let secure):
            let good = records.compactMap(read)
            return good.isEmpty ? .temporaryFailure("malformed record") : .found(good, secure: secure)
        case .noData(let secure): return .noData(secure: secure)
        case .nxDomain(let secure): return .nxDomain(secure: secure)
        case .temporaryFailure(let why): return .temporaryFailure(why)
        case .bogus(let why): return .bogus(why)
        }
    }
}

extension DNSAnswer: Equatable where Record: Equatable {}
