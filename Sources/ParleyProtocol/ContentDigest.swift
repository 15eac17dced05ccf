internal import Crypto

/// SHA-256 of a file that is read in pieces.
package struct ContentDigest {
    private var hash = SHA256()

    package init() {}

    package mutating func update(_ bytes: some Sequence<UInt8>) { hash.update(data: Array(bytes)) }

    package var bytes: [UInt8] { Array(hash.finalize()) }
}
