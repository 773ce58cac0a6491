// SPDX-License-Identifier: Apache-2.0
import Accounts
import Foundation
import SealedSQLite
import Testing

@testable import BackupEngine

/// Published examples of what lies in a repository. The sealed objects were made with Python's PyNaCl, hmac and hashlib.
@Suite struct VectorTests {
    private let nonce = [UInt8](0x40..<0x58)
    private func key(_ first: UInt8) throws -> SealedKey { try #require(SealedKey((0..<32).map { first + $0 })) }

    /// Repository key 80…9f.
    @Test func aChunk() throws {
        let content = Array("Mailkeep keeps mail.".utf8)
        let keys = RepositoryKeys(try key(0x80))
        let name = content.withUnsafeBytes { keys.chunkName($0) }
        #expect(name.object == "chunks/5f/5f2f90873b82837afdf7e571dcea26b3588b39a08fac852dfb57152b0dac9cbf")
        let sealed = try #require(
            Hex.decode(
                Array(
                    "0101404142434445464748494a4b4c4d4e4f505152535455565739a92610821e2bff3a03b600b8f7272cd64d92efd700ac0133d4cc8b7cea9e6db2bd029d"
                        .utf8)))
        #expect(try keys.open(sealed, as: name.object) == content)
        #expect(throws: BackupError.damaged("chunks/5f/x")) { try keys.open(sealed, as: "chunks/5f/x") }
        let sealing = try key(0x80).derivedKey(info: "mailkeep/1/repository/seal")
        #expect(
            content.withUnsafeBytes { SealedObject.seal($0, as: name.object, key: sealing, nonce: nonce) } == sealed)
    }

    /// Of the earlier master keys, 60…7f, under the newest, 20…3f.
    @Test func earlierMasterKeys() throws {
        let sealed = try #require(
            Hex.decode(
                Array(
                    "0101404142434445464748494a4b4c4d4e4f505152535455565778113b6f62e6ba9a825b2d618f7e296511bc01fe4c08793a48e2b1a7f0607b826c01e9e5974797f27a03aa26eb698e04"
                        .utf8)))
        let sealing = try key(0x20).derivedKey(info: "mailkeep/1/recovery/earlier")
        #expect(
            try key(0x60).withUnsafeBytes {
                SealedObject.seal($0, as: "recovery/earlier", key: sealing, nonce: nonce)
            } == sealed)
    }

    private let recovery = "MKR1-BAJT-ET67-X322-7147-X04K-HFW6-59JA-RH9P-CG1H-ZN8B-7NVC-M3RJ-Y3PB-PX5M"
    private let sealedKeys = """
        AgHoC1DgwG1kxtBX2QIuhyFTvUVsgT4F7PN309K05WiisRFHQqPPy+XfEacE8NTIP9klblbglcbowS7bjb6QIXSd77Y0tJbJ/ZD1LUgT
        C/BMSoB5uiKkT6YfJSaCz29PA9n06d/pwpUSKmw3ZgPqAHjX2xXAWcbRUX2fGxuDSkFbg97b1+iwNN/jH3DCtwb0x/bIhVc5B+W7tiLV
        ZQPH5qrpAYUtAiHKspAI88Lb2O2AICJYkmExT/ANm9In+76SVa8Uuk2E11uKzuAZ+VouaVkJN357mygefSxfKZE/ZqDDW/gXx52JksKN
        FW8/Aw4cYs5395FffM2MfTFGV5c6bTbQxmxZ5g5m+huUrruCKGhXGO5EJsjcOzd6AqyDrHA2icet9bnwHZHLSzVKl3/EyJA5fx2tCFP1
        Ww94OdHL7LoU2nOU8C6wNKwiMlfTs5KLhahGr0auMSmZW1YtHjKB7Qal7S7vKBxfa8Eh/bvour3/SjwtIbqx0iS1utZZC2fPLdO3opay
        a25kayRLgJxVm9DEFzVm0DaxEnbibRr6T5mjAPoNcOXYqnZ7h65cbkAEExi2NkecyyGNMxuQKxfmJOfk/O2ilJmS/Kp7tK5v7SAxtpv0
        beC/M9R0wQqgd+PZ0yef8qeGAr09UtYy130n4YKpevkTo+M9t4cdTCKE+d7U4z0MwALGFAkgRnd4UVdKKLZRh5WGE7c66u3yrFzvUEuo
        22ubyrsaDFEyijBJvUdnJJG2jKpFDqQm/eVCmldr2qVshviQ08tS7M54Kp3ErJoFJHqzF7wHDqn1DK3h/dYpMCxiqn8YYQF3wGM0Y1Oq
        L3yY+Wg/DRBJjHjlSQdMfYZs7tE5WL5LI+ulQoLz4ako6AEqyym2zC4jdYhNMaWpIlDrZaWnIlAXDNDaXE6+xqjPwVEnLmHuryH5TCuZ
        x+vdSZf9Rr5yAEHB+it6caWUx/O7MEGjNZpP0MFVlsLLNBXMzndSdY+DOPtf5XPlLZP5xbih9FAHpdxNpEc3W/mdH3u0wuTaJ9/Rum2D
        /LBonM5zwAL1wL6AyTHFYEMiTolvwqjVzq/CaXm2UExn/5wq0tu7k6Xw2Swh/DEz4/j+WHgEYO218ZJUGnKL5yPib53kdMlVg2smwXZC
        2adperjsrkLuT/aOhpuSrq2TGXTzySmF7UE3usoSctd5dKNcxsWCI9haQz7Miyeq/Hywzbiu9I1ACIiPolSjJAbvbjYxjV1nkEYjGAMn
        EbCNtjupS4SBo3kVaJGWjiThkrjKaCKmCPNh4YK9NZC5XpHdbFqBepym4vp4PrpHVS/REdCiIw1ne8YoZA3Wo4LvCbSy1aQH8kgErEp1
        WWicwT2i3buMVbUZ2kzlDHEN9e7DV7o/8adxwoXaAg3cAiLL0ogGsdNHB8HBQQUuUtcWK/joUF8S26mIZdhCIeOO+jDHDX5KqQNAKU/2
        aOJYUbr+eXLIX3YjrDfuGQqP40g/b9lYoI9hfJMFL/p0/1au2uXzwG7wjrXT4aRR9dCtiKjx3ncXMOkf8w63xQPyXHL9O2wkg5S/ETFb
        /hJKVjMKrxgsbgcVrgmWx8tpBkO8hm7u9o6Fdp4x3mABAQTHyVdlSjm250SWF4zm0697TMvH6yeqwJ40zQUy4SU3uN/6UmRBrmXlyQpG
        ZwqvTnB6wcTyvE4/ITtd49J/XCquhr7S8ZIg3A==
        """

    /// The sealed keys of a repository after a rotation, version 2: master key 20…3f, before it 60…7f, repository key 80…9f. (HPKE
    /// draws a key of its own for each sealing, so this is an example in one way only.)
    @Test func theSealedKeys() throws {
        let bytes = try #require(Data(base64Encoded: sealedKeys, options: .ignoreUnknownCharacters))
        let opened = try SealedRecovery(bytes: [UInt8](bytes)).open(RecoveryKey(.backups, text: recovery))
        #expect(try opened.master == key(0x20) && opened.earlier == [key(0x60)] && opened.repository == key(0x80))
    }
}
