// @peculiar/x509 resolves its parts with tsyringe, which wants the metadata half of Reflect to exist. Import this first.
import 'reflect-metadata';
