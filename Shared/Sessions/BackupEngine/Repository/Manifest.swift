// SPDX-License-Identifier: Apache-2.0
import Foundation

/// What one backup holds. Lies sealed as `backups/<id>`.
package struct Manifest: Codable, Sendable, Equatable {
    /// Longest sealed manifest, in bytes: some six terabytes of files.
    static let longest = 512 << 20
    static let format = 1

    package struct File: Codable, Sendable, Equatable {
        /// Below the data folder (`config.db`, `accounts/….db`), or `settings/…`.
        package let path: String
        package let bytes: Int64
        /// Of all its bytes, hex.
        package let sha256: String
        /// Names of its pieces of `Repository.chunkBytes`, one after the other, 32 bytes each.
        let chunks: Data
        /// Permission bits.
        package let mode: UInt16

        var chunkNames: [ChunkName] {
            chunks.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count - bytes.count % ChunkName.count, by: ChunkName.count).compactMap {
                    ChunkName(bytes: UnsafeRawBufferPointer(rebasing: bytes[$0..<$0 + ChunkName.count]))
                }
            }
        }
    }

    let format: Int
    package let id: String
    /// Seconds since 1970, when it was begun and when it was done: what was accepted before the first is in it.
    package let taken: Int64
    package let ended: Int64
    /// Of Mailkeep.
    package let release: String
    package let files: [File]
    /// Files that could not be read, each with why.
    package let missing: [String]

    package var isComplete: Bool { missing.isEmpty }

    package var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }

    package func file(_ path: String) -> File? { files.first { $0.path == path } }

    /// As `20261124T031502Z-5f0c9a1e`: ids in order are backups in order. One that follows another within the same second says
    /// the next; a newest from further in the future was made under a wrong clock, and is no measure.
    static func id(at seconds: Int64, after newest: String? = nil) -> String {
        let random = String(UInt32.random(in: 0 ... .max), radix: 16)
        let tail = "-" + String(repeating: "0", count: 8 - random.count) + random
        let names = (seconds...seconds + 60).lazy.map(second)
        return (names.first { $0 > newest?.prefix(16) ?? "" } ?? second(seconds)) + tail
    }

    private static func second(_ seconds: Int64) -> String {
        Date(timeIntervalSince1970: TimeInterval(seconds)).stamp
    }
}
