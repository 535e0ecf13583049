#if canImport(Security)
    import Foundation
    import Security

    /// Keeps the key of a store in the Keychain, and makes it the first time.
    ///
    /// The key can be read once the device was unlocked after a start, so that a push can be dealt with while it is locked. It stays on this
    /// device: a backup that is put onto another one holds the store's file but not its key, and opening says `wrong_store_key`. Remove
    /// the file then, and recover the account.
    ///
    /// ```swift
    /// let key = KeychainStoreKey(service: "org.example.chat", accessGroup: "TEAMID.org.example.shared")
    /// ```
    public struct KeychainStoreKey: StoreKeyProvider {
        private let service: String
        private let name: String
        private let accessGroup: String?

        /// Names the key. Give an access group to share it with an extension.
        public init(service: String, name: String = "store", accessGroup: String? = nil) {
            self.service = service
            self.name = name
            self.accessGroup = accessGroup
        }

        public func storeKey() throws -> Data {
            if let key = try read() { return key }
            let key = StoreKey.generate()
            var item = query
            item[kSecValueData as String] = key
            item[kSecAttrAccessible as String] = kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly
            switch SecItemAdd(item as CFDictionary, nil) {
            case errSecSuccess: return key
            // Somebody else, such as the extension, was quicker.
            case errSecDuplicateItem: if let key = try read() { return key }
            case let status: throw failure(status)
            }
            throw ProviderFailure("the Keychain item cannot be read")
        }

        private var query: [String: Any] {
            var query: [String: Any] = [
                kSecClass as String: kSecClassGenericPassword,
                kSecAttrService as String: service,
                kSecAttrAccount as String: name,
                kSecUseDataProtectionKeychain as String: true,
            ]
            if let accessGroup { query[kSecAttrAccessGroup as String] = accessGroup }
            return query
        }

        private func read() throws -> Data? {
            var query = self.query
            query[kSecReturnData as String] = true
            query[kSecMatchLimit as String] = kSecMatchLimitOne
            var found: CFTypeRef?
            switch SecItemCopyMatching(query as CFDictionary, &found) {
            case errSecSuccess: return found as? Data
            case errSecItemNotFound: return nil
            case let status: throw failure(status)
            }
        }

        private func failure(_ status: OSStatus) -> ProviderFailure {
            ProviderFailure("the Keychain answered \(status)")
        }
    }
#endif
