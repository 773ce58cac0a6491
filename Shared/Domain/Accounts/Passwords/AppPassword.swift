// SPDX-License-Identifier: Apache-2.0
import CSodium
import Crypto
import Foundation
import SealedSQLite

/// A password that was made here for one program or device: seven groups of four letters and digits, 140 bits. Nobody can
/// guess it, so that it is checked by a fast hash, and opens a slot without Argon2id.
package struct AppPassword: Sendable {
    private static let groups = 7
    private static let groupLetters = 4

    /// The letters without hyphens.
    let secret: SecretBytes

    package static func random() -> AppPassword {
        var letters = GeneratedPassword.letters(groups * groupLetters)
        defer { SecretBytes.wipe(&letters) }
        return AppPassword(letters: letters[...])
    }

    private init(letters: ArraySlice<UInt8>) { secret = SecretBytes(letters) }

    /// `nil` for anything that is not of this form. Capitals are small letters, hyphens and spaces do not count.
    init?(_ password: SecretBytes) {
        let most = Self.groups * (Self.groupLetters + 1)
        guard (Self.groups * Self.groupLetters...most).contains(password.count) else { return nil }
        var letters = password.withBytes { SecretBytes.letters(of: $0, without: "- ") }
        defer { SecretBytes.wipe(&letters) }
        for index in letters.indices where (65...90).contains(letters[index]) { letters[index] += 32 }
        guard letters.count == Self.groups * Self.groupLetters, letters.allSatisfy(GeneratedPassword.isLetter) else {
            return nil
        }
        self.init(letters: letters[...])
    }

    /// For showing it once.
    package var text: String {
        var letters = secret.withBytes { Array($0) }
        defer { SecretBytes.wipe(&letters) }
        return stride(from: 0, to: letters.count, by: Self.groupLetters).map {
            String(decoding: letters[$0..<$0 + Self.groupLetters], as: UTF8.self)
        }.joined(separator: "-")
    }

    /// What config.db knows it by: HKDF-SHA256 of the letters without salt, `info` "mailkeep/1/app-password".
    var code: SealedKey { secret.derivedKey(info: "mailkeep/1/app-password") }
}

extension AppPassword: CustomStringConvertible {
    /// Never the letters.
    package var description: String { "AppPassword" }
}
