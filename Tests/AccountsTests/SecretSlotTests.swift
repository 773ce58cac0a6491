// SPDX-License-Identifier: Apache-2.0
import Crypto
import Foundation
import SealedSQLite
import TestSupport
import Testing

@testable import Accounts

/// The slots of zero-access accounts. The vectors were made with Python's PyNaCl, hmac and hashlib.
@Suite struct SecretSlotTests {
    static let identity = "000102030405060708090a0b0c0d0e0f/f0e0d0c0b0a090807060504030201000"
    private static let forApp = """
        AQQ7DzTCcqxvH8TNB3swtZxAB8FO8sL3NLwBZCnR0JE1I06Nrv5IgNlSriWomgmFDPYs8g4yMzCuDIj4VBnz0Wfiq9c6wDAvXx2LXvC3
        pGfSaM7HioFBkx9v086ndlbUqWsIXRLcr/QUaRXnU6/RQU85ZS4oZ/HEId7EnjVKyxrQFKalB929trr1XiLShD6GUfblsBu2swL40A/Z
        QCCWOaGWv+QwBHT3ugMKJrA6GTbwixHcJsiEL/esvOImQED16QHaKmc94EVNlxT4uTMOcWvuGbH1VaggvoH4C2j10jtjGmyoxPQabuyZ
        7Y35Thxdb0BDaH0fNrsxfbKkb+QFbZvUvYjm6rIKDBx4YKedNpS9zLxolDlnu2JA9c9LkKIxB0mBTFQhoBjQGXiAXztMcjYuXTTYZjYq
        7OGTSIsrCXFp0DSJed4oYetbw3tRGYGG5woqMlEuNSEFLdiKOhc+wNkWwE9M7np6b3LMQnOZeu3zgPxX/368dPHgjCk3G2GmxWpvCLVe
        luyxkcvVQ/8Ep0sWm5GLC++1TVSCtquX7BTcF3qo39Uaj0323jiwUOnZf8xOOww2HkEH9vimwno/abgrwb6865P3/3vPsFIsxgAtsHaV
        722Lj3RUxuVL56BfoTIJzBcVYBrTjkncgtoujCsECWYwqMcUUvlwR8WVtLiMsNijPST2y+upb0NpaFdDEWnXzbui2OuwthyPhTrgIH5s
        MU/D1eS2ctmfANNu672zd7KT9AjPFoRzFWHiGMbAf2+Yhv1SGTnAI3N2FOR4q1A+31WsdGUhvxikRNYz6PFX89UMQL9hsPsycnQV2nnu
        Lbr2Oy/HhV2TfYpN9zJaSTVuxsZYqDMxCWBZloA+VpcXP29EePZhmEknT02mx32qF/ElnQkxV3qBrXQathpRN3nbSRecjK3nGts/U6jz
        tISePTHVD2/lAZKMFim7fp/T+Niscik9N8NYnfVfWq3LjfKLYKDyyyM0ZxqcGxAY67AkU3giniFVFujZBeGd3De2kZjbVzCNxi514gvU
        5ulMy5xHQzH9zVvZ0srT/m7TKBKTts5MD1iCtdiQsbRERDZJJ+hP6F4iX4EH649Mg6infEwf4T6BDBAxIJDsGWTMBB+j6PqVoSRJEjR4
        Zd2X4muGdyr0VGpkCz9t5/TOKcIdzQgStg+uQrz0vS+YCMtz5Cm3osT7cvTx8KGbRrmV1qCxK7heHX0lFQ/y5TzW+nU9mXbdpwcutr0D
        XFY7Gu+vuHyUPMPeelTJw4YB+lSiTeKIJaBwgbd7FOzk0ZTwVvmIzk5/MfQdRF4UHInEXekISdRf4LWt6Bsf6jQMqHx1X0pPHv+ow0p7
        ZVlxpsISDJVbB+XAdb2f7fO67hh3PqN/XmuYWDsSYcDFGcw05snH03JMEfXIBU6qgBJuaz6BrDG2G5FYMWL9dfbzftdh54sVyAhir7sM
        8YgBcPb29wDuxC38NQLHwD7Q/xkdfYqJEGr7rk0LP/cfzHDj5QLLfTJZvYXozqo5SIEHc7NZhML3CoQJI/uJCABNIRcwgRPLolGcSH5j
        """
    private let elsewhere = "000102030405060708090a0b0c0d0e0f/00000000000000000000000000000000"
    private let nonce = (0x40..<0x58).map { UInt8($0) }
    private let key = SealedKey((0..<32).map { UInt8($0) })!
    private let password = SecretBytes("correct horse".utf8)
    /// So that a run costs microseconds.
    private let cheap = KeySlot.PasswordCost(passes: 1, memoryKiB: 8)

    private func hex(_ bytes: some Sequence<UInt8>) -> String { bytes.map { String(format: "%02x", $0) }.joined() }

    private func flipped(_ slot: KeySlot, at index: Int) -> KeySlot {
        var bytes = slot.bytes
        bytes[index] ^= 1
        return KeySlot(bytes: bytes)
    }

    @Test func underAPassword() throws {
        let hashed = try KeySlot.HashedPassword(password, salt: (0x60..<0x70).map { UInt8($0) })
        let slot = hashed.seal(key, identity: Self.identity, nonce: nonce)
        #expect(
            hex(slot.bytes)
                == "0102606162636465666768696a6b6c6d6e6f0000000300008000404142434445464748494a4b4c4d4e4f5051525354555657"
                + "15e5df8a095100c9c55a424f01487236a6bae559c3a2912bde47eca83d76a4de7c7a96c58e172826600d8aba7da0e81b")
        #expect(try slot.open(password: password, identity: Self.identity) == key)
    }

    @Test func underAnAppPassword() throws {
        let app = try #require(AppPassword(SecretBytes("abcd-efgh-ijkm-npqr-stuv-wxyz-2345".utf8)))
        #expect(
            app.code.withUnsafeBytes { hex($0) } == "aa018caf36fb8eefc12a55fbe936bc52c6ccbd71f46f3d65d17131f5ff8bd813")
        let slot = KeySlot.seal(key, kind: .app, secret: app.secret, identity: Self.identity, nonce: nonce)
        #expect(
            hex(slot.bytes)
                == "0103404142434445464748494a4b4c4d4e4f5051525354555657"
                + "0f1410f8008d567d9031b2469cab6320016742909492423d291dc57a53e11f60d07f401196173b38b268acd3b37034cd")
        #expect(try slot.open(kind: .app, secret: app.secret, identity: Self.identity) == key)
        #expect(try slot.open(kind: .recovery, secret: app.secret, identity: Self.identity) == nil)
    }

    @Test func underARecoveryKey() throws {
        let recovery = try RecoveryKey(
            .account, text: "MKA1-M2GT-58X4-MPKA-FA59-NANT-SBDE-NYRB-3CNK-PJTV-DDXR-Q6XB-QF5X-QTZG-H3FB")
        let slot = KeySlot.seal(key, kind: .recovery, secret: recovery.secret, identity: Self.identity, nonce: nonce)
        #expect(
            hex(slot.bytes)
                == "0103404142434445464748494a4b4c4d4e4f5051525354555657"
                + "93021b132effcb545bda1996976f599d99446f1ac93c14943b57cadffb9d00c8412091e33b7ff19407513417d908255f")
        #expect(try slot.open(kind: .recovery, secret: recovery.secret, identity: Self.identity) == key)
    }

    @Test func anArrivalKeyUnderTheKeyOfItsFile() throws {
        let file = SealedKey((0x80..<0xA0).map { UInt8($0) })!
        let slot = KeySlot.seal(key, kind: .arrivalKey, identity: Self.identity, key: file, nonce: nonce)
        #expect(
            hex(slot.bytes)
                == "0101404142434445464748494a4b4c4d4e4f5051525354555657"
                + "f10d71f75ff5f25df31b7dd8faa3935a2256607d11518afbd2a3ef175e4813d786ff8435bbede35ce27c15b3c0756308")
        #expect(try slot.open(kind: .arrivalKey, identity: Self.identity, key: file) == key)
        #expect(try slot.open(kind: .arrivalKey, identity: Self.identity, key: .random()) == nil)
        #expect(try slot.open(kind: .arrivals, identity: Self.identity, key: file) == nil)
    }

    /// For an app password that is not at hand. What stands there is random; a slot as it was written must open for ever.
    @Test func forAnAppPasswordThatIsNotAtHand() throws {
        let app = try #require(AppPassword(SecretBytes("abcd-efgh-ijkm-npqr-stuv-wxyz-2345".utf8)))
        let publicKey = try KeySlot.publicKey(of: app.secret, kind: .app)
        #expect(publicKey.count == ArrivalKey.publicBytes)
        #expect(hex(SHA256.hash(data: publicKey)) == "42f55aa35bc88dd5fc2e31675512a46a021e01a190af4a4f90f6b2e0f006ec1e")
        let example = KeySlot(
            bytes: try [UInt8](#require(Data(base64Encoded: Self.forApp, options: .ignoreUnknownCharacters))))
        #expect(try example.open(kind: .app, secret: app.secret, identity: Self.identity) == key)
        let slot = try KeySlot.seal(key, kind: .app, to: publicKey, identity: Self.identity)
        #expect(slot.bytes.count == 1_170 && slot.bytes.starts(with: [1, 4]))
        #expect(try slot.open(kind: .app, secret: app.secret, identity: Self.identity) == key)
        #expect(try slot.open(kind: .app, secret: app.secret, identity: elsewhere) == nil)
        #expect(try slot.open(kind: .recovery, secret: app.secret, identity: Self.identity) == nil)
        #expect(try slot.open(kind: .app, secret: password, identity: Self.identity) == nil)
        for index in slot.bytes.indices where index > 1 {
            #expect(
                try flipped(slot, at: index).open(kind: .app, secret: app.secret, identity: Self.identity) == nil,
                "byte \(index)")
        }
        #expect(throws: KeySlotError.malformed) {
            try KeySlot(bytes: Array(slot.bytes.dropLast())).open(
                kind: .app, secret: app.secret, identity: Self.identity)
        }
        #expect(throws: KeySlotError.malformed) {
            try KeySlot.seal(key, kind: .app, to: Array(publicKey.dropLast()), identity: Self.identity)
        }
        let file = SealedKey.random()
        let kept = KeySlot.seal(publicKey: publicKey, kind: .appPublic, identity: Self.identity, key: file)
        #expect(try kept.openPublicKey(kind: .appPublic, identity: Self.identity, key: file) == publicKey)
        #expect(try kept.openPublicKey(kind: .recoveryPublic, identity: Self.identity, key: file) == nil)
        #expect(try kept.openPublicKey(kind: .appPublic, identity: elsewhere, key: file) == nil)
    }

    /// The first of draft-connolly-cfrg-xwing-kem, appendix C.
    @Test func anArrivalKeyIsXWing() throws {
        let pair = try ArrivalKey(
            seed: SealedKey(hex: "7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26")!)
        #expect(pair.publicKey.count == ArrivalKey.publicBytes)
        #expect(
            hex(SHA256.hash(data: pair.publicKey)) == "2e816deebcd76c5c80d0cd2d174478871658e8e2ff42bc9d4a6e486372e856bb"
        )
        let sent = try XWingMLKEM768X25519.PublicKey(rawRepresentation: pair.publicKey).encapsulate()
        #expect(try pair.privateKey.decapsulate(sent.encapsulated) == sent.sharedSecret)
        #expect(try ArrivalKey.random().publicKey != ArrivalKey.random().publicKey)
    }

    @Test func movedOrWithAnotherSecretItDoesNotOpen() throws {
        let slot = try KeySlot.HashedPassword(password, cost: cheap).seal(key, identity: Self.identity)
        #expect(try slot.open(password: password, identity: Self.identity) == key)
        #expect(try slot.open(password: SecretBytes("correct horsf".utf8), identity: Self.identity) == nil)
        #expect(try slot.open(password: password, identity: elsewhere) == nil)
        let secret = SecretBytes([UInt8](repeating: 7, count: 32))
        let app = KeySlot.seal(key, kind: .app, secret: secret, identity: Self.identity)
        #expect(try app.open(kind: .app, secret: secret, identity: elsewhere) == nil)
        #expect(try app.open(kind: .app, secret: password, identity: Self.identity) == nil)
    }

    @Test func noFlippedBitOpens() throws {
        let slot = try KeySlot.HashedPassword(password, cost: cheap).seal(key, identity: Self.identity)
        for index in slot.bytes.indices where !(18..<26).contains(index) {
            let opened = try? flipped(slot, at: index).open(password: password, identity: Self.identity)
            #expect(opened.flatMap { $0 } == nil, "byte \(index)")
        }
        for count in 0..<slot.bytes.count {
            let opened = try? KeySlot(bytes: Array(slot.bytes[..<count])).open(
                password: password, identity: Self.identity)
            #expect(opened.flatMap { $0 } == nil, "\(count) bytes")
        }
    }

    /// A slot of a forged backup must not take the machine's memory: it is refused before Argon2id is asked for anything.
    @Test(arguments: [
        (3, 4 << 20), (3, Int(UInt32.max)), (3, (128 << 10) + 1), (17, 8), (Int(UInt32.max), 8), (0, 8), (3, 7), (3, 0),
    ])
    func hostileCostsAreRefused(passes: Int, memoryKiB: Int) throws {
        let slot = try KeySlot.HashedPassword(password, cost: cheap).seal(key, identity: Self.identity)
        var bytes = slot.bytes
        for (offset, number) in [(18, UInt32(passes)), (22, UInt32(memoryKiB))] {
            for index in 0..<4 { bytes[offset + index] = UInt8(truncatingIfNeeded: number >> (24 - 8 * index)) }
        }
        #expect(throws: KeySlotError.tooCostly) {
            try KeySlot(bytes: bytes).open(password: password, identity: Self.identity)
        }
    }

    @Test func aSlotOfAnotherAlgorithmIsTold() throws {
        let slot = try KeySlot.HashedPassword(password, cost: cheap).seal(key, identity: Self.identity)
        #expect(throws: KeySlotError.unknownAlgorithm(2)) {
            try slot.open(for: .accounts, identity: Self.identity, keys: PurposeKeys(master: .random()))
        }
        #expect(throws: KeySlotError.unknownAlgorithm(2)) {
            try slot.open(kind: .app, secret: password, identity: Self.identity)
        }
        #expect(throws: KeySlotError.unknownVersion(3)) {
            try KeySlot(bytes: [3] + slot.bytes.dropFirst()).open(password: password, identity: Self.identity)
        }
    }
}
