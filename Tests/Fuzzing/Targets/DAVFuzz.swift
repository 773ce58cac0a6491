// SPDX-License-Identifier: Apache-2.0
import DAVGrammar

enum DAVFuzz {
    /// What is read can be written and is read as the same again; no request stops the program; a path is itself after
    /// it was written.
    static func run(_ input: [UInt8]) {
        if let root = try? XMLElement(parsing: input) {
            _ = try? PropertyRequest(propfind: root)
            _ = try? Report(root)
            for name in ["propertyupdate", "mkcol"] { _ = try? PropertyChanges(root, root: .dav(name)) }
            let written = XMLWriter.document(root)
            // The declarations at the root may be the attribute too many, never more.
            if let again = try? XMLElement(parsing: written) { promise(again == root, "writing changes a document") }
        }
        let text = String(decoding: input, as: UTF8.self)
        _ = EntityTags(text)
        if let path = DAVPath(parsing: text) {
            promise(DAVPath(parsing: path.description) == path, "writing changes a path")
            promise(DAVPath(parsing: path.collection) == path, "a slash at the end changes a path")
        }
    }
}
