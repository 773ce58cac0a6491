// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import Accounts

@Suite struct RecoveryKeyTests {
    @Test func aRecoveryKeyIsReadAsItWasShownAndAsPeopleType() throws {
        for _ in 0..<50 {
            let text = RecoveryKey.random(.backups).text
            #expect(text.hasPrefix("MKR1-") && text.utf8.count == 4 + 14 * 5)
            #expect(try RecoveryKey(.backups, text: text).text == text)
            #expect(
                try RecoveryKey(.backups, text: " " + text.lowercased().replacing("-", with: " ") + "\n").text == text)
            let likeOthers = text.dropFirst(5).replacing("0", with: "O").replacing("1", with: "l")
            #expect(try RecoveryKey(.backups, text: "mkr1" + likeOthers).text == text)
        }
    }

    @Test func aWrongLetterIsTold() throws {
        let text = Array(RecoveryKey.random(.backups).text)
        for index in 5..<text.count where text[index] != "-" {
            var other = text
            other[index] = text[index] == "7" ? "8" : "7"
            #expect(throws: RecoveryKeyError.self) { try RecoveryKey(.backups, text: String(other)) }
        }
        #expect(throws: RecoveryKeyError("group 1 has a letter that no key has")) {
            try RecoveryKey(.backups, text: "MKR1-U" + String(text.dropFirst(6)))
        }
        for wrong in ["", "MKR1", String(text.dropLast()), String(text) + "0", "XKR1" + String(text.dropFirst(4))] {
            #expect(throws: RecoveryKeyError.self) { try RecoveryKey(.backups, text: wrong) }
        }
    }

    /// Made with Python: bytes a0…bf.
    @Test(arguments: [
        (RecoveryKey.Kind.backups, "MKR1-M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-PJTV-DDXR-Q6XB-QF5X-QTZS-N7EM"),
        (.account, "MKA1-M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-PJTV-DDXR-Q6XB-QF5X-QTZG-H3FB"),
    ])
    func aFixedKeyHasAFixedText(kind: RecoveryKey.Kind, text: String) throws {
        let key = try RecoveryKey(kind, text: text)
        #expect(key.secret.withBytes { Array($0) } == (0xA0..<0xC0).map { UInt8($0) })
        #expect(key.text == text)
    }

    @Test func aKeyOfTheOtherKindIsTold() throws {
        let text = RecoveryKey.random(.account).text
        #expect(throws: RecoveryKeyError("it begins with MKR1-")) { try RecoveryKey(.backups, text: text) }
        // Nor does its check fit under the other prefix.
        #expect(throws: RecoveryKeyError.self) { try RecoveryKey(.backups, text: "MKR1" + text.dropFirst(4)) }
    }
}
