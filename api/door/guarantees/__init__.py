"""A database that lacks a guarantee is read and not written: the server looks, and says so."""
