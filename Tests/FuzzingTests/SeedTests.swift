// SPDX-License-Identifier: Apache-2.0
import Foundation
import FuzzTargets
import Testing

/// Every seed, and a bounded number of mutations of them that is the same in each run. A broken promise ends the
/// program with its words; libFuzzer looks further (Tests/Fuzzing/fuzz.sh).
@Suite struct SeedTests {
    static let mutations = 4_000

    static func seeds(_ target: FuzzTarget) throws -> [[UInt8]] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzzing/Seeds/\(target.rawValue)")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { Array(try Data(contentsOf: $0)) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func everySeed(_ target: FuzzTarget) throws {
        let seeds = try Self.seeds(target)
        #expect(seeds.count >= 3)
        for seed in seeds { target.run(seed) }
        for input in [[], [0], [0x0D], [0x0D, 0x0A], (0...255).map { UInt8($0) }] as [[UInt8]] { target.run(input) }
    }

    @Test(arguments: FuzzTarget.allCases)
    func mutationsOfThem(_ target: FuzzTarget) throws {
        let seeds = try Self.seeds(target).filter { $0.count <= 8_192 }
        var generator = Generator(state: UInt64(target.rawValue.utf8.reduce(7) { $0 &* 31 &+ Int($1) }))
        for _ in 0..<Self.mutations {
            var input = seeds.randomElement(using: &generator) ?? []
            for _ in 0..<Int.random(in: 1...6, using: &generator) { generator.mutate(&input, seeds) }
            target.run(Array(input.prefix(8_192)))
        }
    }
}

/// SplitMix64: the same numbers in every run.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var word = state
        word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
        word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
        return word ^ (word >> 31)
    }

    static let words = [
        "\r\n", "\n", "\r", "\0", ".", "\r\n.\r\n", "{5}\r\n", "{5+}\r\n", "\"", "\\", "(", ")", "<", ">", "@", ":",
        ";", "=?utf-8?B?",
        "?=", "&", "-", "*", "%", "4294967296", "99999999999999999999", "\u{FEFF}", "ü", "--",
        "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n",
    ]

    mutating func mutate(_ input: inout [UInt8], _ seeds: [[UInt8]]) {
        let at = Int.random(in: 0...input.count, using: &self)
        let end = Int.random(in: at...min(input.count, at + 64), using: &self)
        switch Int.random(in: 0..<6, using: &self) {
        case 0: if at < input.count { input[at] ^= 1 << UInt8.random(in: 0..<8, using: &self) }
        case 1: if at < input.count { input[at] = UInt8.random(in: 0...255, using: &self) }
        case 2: input.removeSubrange(at..<end)
        case 3: input.insert(contentsOf: input[at..<end], at: at)
        case 4: input.insert(contentsOf: Array((Self.words.randomElement(using: &self) ?? "").utf8), at: at)
        default:
            let other = seeds.randomElement(using: &self) ?? []
            input.replaceSubrange(at..., with: other.dropFirst(Int.random(in: 0...other.count, using: &self)))
        }
    }
}
