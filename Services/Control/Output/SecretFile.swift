// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A secret that is handed over in a file instead of being shown.
enum SecretFile {
    /// A new file, 0400, with one line; on disk when it returns. Never over another.
    static func write(_ text: String, to path: String) throws {
        let text = text + "\n"
        let descriptor = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o400)
        guard descriptor >= 0 else { throw Failure("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard Foundation.write(descriptor, text, text.utf8.count) == text.utf8.count, fsync(descriptor) == 0 else {
            throw Failure("\(path): \(String(cString: strerror(errno)))")
        }
    }
}
