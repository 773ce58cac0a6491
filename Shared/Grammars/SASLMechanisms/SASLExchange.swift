// SPDX-License-Identifier: Apache-2.0

/// The server's side of one authentication exchange: response lines in, challenges or credentials out.
///
/// It knows no protocol around it. The session takes the text after `AUTH PLAIN`, or a whole line while the exchange is
/// going on, without its CRLF, and writes challenges in its protocol's clothes: `334 <challenge>` or `+ <challenge>`.
///
///     C: AUTH PLAIN AHVzZXIAc2VjcmV0        start(initialResponse: "AHVzZXIAc2VjcmV0") → .credentials
///     C: AUTH LOGIN                         start(initialResponse: nil) → .challenge("VXNlcm5hbWU6")
///     C: dXNlcg==                           receive("dXNlcg==") → .challenge("UGFzc3dvcmQ6")
///     C: c2VjcmV0                           receive("c2VjcmV0") → .credentials
package struct SASLExchange: Sendable {
    package enum Step: Sendable {
        /// Send this base64 text (it may be empty) and wait for a line.
        case challenge(String)
        /// The exchange is over; check these.
        case credentials(SASLCredentials)
        /// The exchange is over; the session goes on unauthenticated.
        case failed(SASLFailure)
    }

    private enum State {
        case plainResponse
        case loginName
        case loginPassword(name: String)
        case over
    }

    private var state: State

    package let mechanism: SASLMechanism

    package init(_ mechanism: SASLMechanism) {
        self.mechanism = mechanism
        state = mechanism == .plain ? .plainResponse : .loginName
    }

    /// Begins. `initialResponse` is the base64 text sent with the command, `=` standing for an empty one
    /// (RFC 4954 section 4, RFC 4959); nil when there was none.
    package mutating func start(initialResponse: ArraySlice<UInt8>?) -> Step {
        guard let initialResponse else {
            switch mechanism {
            case .plain: return .challenge("")
            case .login: return .challenge(Self.nameChallenge)
            }
        }
        if initialResponse.elementsEqual([UInt8(ascii: "=")]) {
            // An empty response is well-formed base64 and malformed in both mechanisms.
            return fail(.malformed)
        }
        return receive(initialResponse)
    }

    /// Takes a response line, without its line end.
    package mutating func receive(_ line: ArraySlice<UInt8>) -> Step {
        if line.elementsEqual([UInt8(ascii: "*")]) { return fail(.cancelled) }
        guard line.count <= SASLLimits.response else { return fail(.tooLong) }
        guard var bytes = Base64.decode(line) else { return fail(.malformed) }
        defer { wipe(&bytes) }
        switch state {
        case .plainResponse: return plain(bytes)
        case .loginName: return loginName(bytes)
        case .loginPassword(let name): return loginPassword(bytes, name: name)
        case .over: return .failed(.malformed)
        }
    }

    // message = [authzid] UTF8NUL authcid UTF8NUL passwd   (RFC 4616 section 2)
    private mutating func plain(_ bytes: [UInt8]) -> Step {
        let parts = bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, !parts[2].isEmpty else { return fail(.malformed) }
        guard parts[0].count <= SASLLimits.login, parts[1].count <= SASLLimits.login,
            parts[2].count <= SASLLimits.password
        else { return fail(.tooLong) }
        guard let identity = Self.name(parts[0]), let login = Self.name(parts[1]),
            isText(parts[2])
        else { return fail(.malformed) }
        state = .over
        return .credentials(
            SASLCredentials(authorizationIdentity: identity, login: login, password: Secret(parts[2])))
    }

    private mutating func loginName(_ bytes: [UInt8]) -> Step {
        guard bytes.count <= SASLLimits.login else { return fail(.tooLong) }
        guard !bytes.isEmpty, let name = Self.name(bytes[...]) else { return fail(.malformed) }
        state = .loginPassword(name: name)
        return .challenge(Self.passwordChallenge)
    }

    private mutating func loginPassword(_ bytes: [UInt8], name: String) -> Step {
        guard bytes.count <= SASLLimits.password else { return fail(.tooLong) }
        guard !bytes.isEmpty, !bytes.contains(0), isText(bytes[...]) else {
            return fail(.malformed)
        }
        state = .over
        return .credentials(SASLCredentials(login: name, password: Secret(bytes)))
    }

    private mutating func fail(_ failure: SASLFailure) -> Step {
        state = .over
        return .failed(failure)
    }

    /// A login name: UTF-8 without control characters (they would end up in logs).
    private static func name(_ bytes: ArraySlice<UInt8>) -> String? {
        guard bytes.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// "Username:" and "Password:", the words that deployed clients look for.
    private static let nameChallenge = "VXNlcm5hbWU6"
    private static let passwordChallenge = "UGFzc3dvcmQ6"
}
