// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite

/// What the browser of somebody who logged in to the web pages holds: 32 random bytes. config.db keeps their hash alone.
package struct WebSessionToken: Sendable {
    private static let bytes = 32

    private let secret: [UInt8]

    private init(secret: [UInt8]) { self.secret = secret }

    static func random() -> WebSessionToken {
        var generator = SystemRandomNumberGenerator()
        return WebSessionToken(secret: (0..<bytes).map { _ in UInt8.random(in: 0 ... .max, using: &generator) })
    }

    /// Of 64 hex digits, as in `text`; `nil` for anything else.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == Self.bytes * 2, let bytes = Hex.decode(Array(text.utf8)) else { return nil }
        secret = bytes
    }

    /// 64 hex digits.
    package var text: String { Hex.text(secret) }

    /// What config.db knows it by.
    var hash: Data { Data(SHA256.hash(data: secret)) }

    /// What each form of the session carries: made from the token, so nothing has to be kept, and of no use as one.
    package var formToken: String { Hex.text(formCode) }

    /// Whether a form carried the form token of this session; takes the same time wherever they differ.
    package func fits(formToken text: String) -> Bool {
        guard let claimed = WebSessionToken(text) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            claimed.secret, authenticating: Self.formPurpose, using: SymmetricKey(data: secret))
    }

    private static let formPurpose = Array("mailkeep/1/web form".utf8)

    private var formCode: HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(for: Self.formPurpose, using: SymmetricKey(data: secret))
    }
}

extension WebSessionToken: CustomStringConvertible {
    /// Never the bytes.
    package var description: String { "WebSessionToken" }
}
